//! What nearness is made of on this node, and when: every night, or when `antiphon discover build`
//! asks. The file is made anew each time, so that whoever took their listening away is in it no more.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use diesel::prelude::*;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::watch;

use crate::Node;
use crate::catalogue::fold::fold;
use crate::db::{Conn, DbError};
use crate::discovery::nearness::kept::Nearness;
use crate::discovery::nearness::{self, BACKED, Built, HEARD_LIMIT, Material};
use crate::errands::{self, Errand, Rest};
use crate::files;
use crate::schema::{
    brought_names, members, name_pairs, plays, releases, selection_works, selections, works,
};
use crate::web::{App, Refusal};

/// The hour of the night at which nearness is made anew, in the node's time zone.
const HOUR: i8 = 3;
/// How often it is looked whether it is time.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// Where the node keeps its nearness.
pub fn path(node: &Node) -> PathBuf {
    node.config.dir.join("nearness")
}

/// The key of a work.
pub fn work_key(work: &str) -> String {
    format!("w{work}")
}

/// How the key of a name begins; the artists' credit follows, as works of the catalogue write it.
pub fn name_key(name: &str) -> String {
    format!("n{}\n", fold(name))
}

/// The work of a key.
pub fn work_of(key: &str) -> Option<&str> {
    key.strip_prefix('w')
}

/// The credit under which a name is in the catalogue.
pub fn credit_of(key: &str) -> Option<&str> {
    let (_, credit) = key.strip_prefix('n')?.split_once('\n')?;
    (!credit.is_empty()).then_some(credit)
}

/// The thing whose key begins like this.
pub fn name_thing(nearness: &Nearness, name_key: &str) -> io::Result<Option<u32>> {
    let thing = nearness.first_from(name_key)?;
    match thing {
        Some(thing) if nearness.key(thing)?.starts_with(name_key) => Ok(Some(thing)),
        _ => Ok(None),
    }
}

/// The ten best known works, and the works of none.
pub fn best_known(nearness: &Nearness) -> io::Result<HashSet<String>> {
    let mut best = HashSet::new();
    for thing in nearness.best_known() {
        if let Some(work) = work_of(&nearness.key(thing)?) {
            best.insert(work.to_owned());
        }
    }
    Ok(best)
}

/// Makes nearness anew. Waits for the disk: not for the async pool.
///
/// # Errors
/// When the database or the disk does not do as asked; the old file stands then.
pub fn build(node: &Node) -> Result<Built, Refusal> {
    let material = node.db.read_now(|conn| Ok::<_, DbError>(material(conn)?))?;
    let path = path(node);
    let fresh = path.with_extension("new");
    let refused = |error| files::refused(&fresh, error);
    let mut file = BufWriter::new(std::fs::File::create(&fresh).map_err(refused)?);
    let built = nearness::build(&material, &mut file).map_err(refused)?;
    file.flush().map_err(refused)?;
    file.get_ref().sync_all().map_err(refused)?;
    std::fs::rename(&fresh, &path).map_err(refused)?;
    files::sync_folder(&node.config.dir)?;
    Ok(built)
}

/// Makes nearness anew every night, until `left`.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    let (mut made, _) = local(&app);
    loop {
        let next_us = next_night(&app, made);
        let errand = Errand::Nearness;
        let rested = errands::rest_until(&app, errand, LOOK_EVERY, next_us, &mut left).await;
        let (today, hour) = local(&app);
        match rested {
            Rest::Left => return,
            Rest::Over if today == made || hour < HOUR => continue,
            Rest::Over | Rest::Roused => {}
        }
        made = today;
        app.errands.begin(Errand::Nearness, app.clock.now_us());
        let node = app.clone();
        let refused = match tokio::task::spawn_blocking(move || build(&node)).await {
            Ok(Ok(built)) => {
                tracing::info!(
                    things = built.things,
                    links = built.links,
                    "nearness is made"
                );
                continue;
            }
            Ok(Err(refusal)) => refusal.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::warn!("nearness could not be made: {refused}");
        app.errands
            .failed(Errand::Nearness, app.clock.now_us(), &refused);
    }
}

/// When nearness is made next, after it was on this day.
fn next_night(app: &App, made: Date) -> i64 {
    let (today, _) = local(app);
    let day = match today == made {
        true => today.tomorrow().unwrap_or(today),
        false => today,
    };
    let night = day.at(HOUR, 0, 0, 0).to_zoned(app.config.time_zone());
    night.map_or(app.clock.now_us(), |night| {
        night.timestamp().as_microsecond()
    })
}

/// The day and the hour in the node's time zone.
fn local(app: &App) -> (Date, i8) {
    let now = Timestamp::from_microsecond(app.clock.now_us()).unwrap_or_default();
    let local = now.to_zoned(app.config.time_zone());
    (local.date(), local.hour())
}

/// The marks of things, numbered as they come.
#[derive(Default)]
struct Marks(HashMap<String, u32>);

impl Marks {
    fn number(&mut self, mark: String) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(mark).or_insert(next)
    }
}

type WorkRow = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Everything nearness is made of, read in one transaction.
///
/// # Errors
/// When the database breaks.
pub fn material(conn: &mut Conn) -> QueryResult<Material> {
    let rows: Vec<WorkRow> = works::table
        .left_join(releases::table.on(works::release_id.eq(releases::id.nullable())))
        .filter(works::withdrawn_us.is_null())
        .order_by(works::id)
        .select((
            works::id,
            works::credit,
            works::genre,
            works::territory,
            releases::label.nullable(),
        ))
        .load(conn)?;
    // Each name once, with the first credit that reads like it.
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (_, credit, ..) in &rows {
        let known = names.entry(name_key(credit)).or_default();
        if known.is_empty() || credit < known {
            known.clone_from(credit);
        }
    }
    let pairs: Vec<(String, String)> = name_pairs::table
        .order_by((name_pairs::name_key, name_pairs::credit))
        .select((name_pairs::name_key, name_pairs::credit))
        .load(conn)?;
    for (name, _) in &pairs {
        names.entry(format!("n{name}\n")).or_default();
    }
    let brought = brought(conn, &mut names)?;
    let mut keys: Vec<String> = names
        .iter()
        .map(|(key, credit)| format!("{key}{credit}"))
        .collect();
    keys.extend(rows.iter().map(|(id, ..)| work_key(id)));
    keys.sort_unstable();
    let at: HashMap<&str, u32> = keys.iter().map(String::as_str).zip(0..).collect();
    let name_at: HashMap<&str, u32> = names
        .iter()
        .filter_map(|(key, credit)| {
            Some((key.as_str(), *at.get(format!("{key}{credit}").as_str())?))
        })
        .collect();
    let mut marks = Marks::default();
    let mut worn: Vec<Vec<(u32, f32)>> = vec![Vec::new(); keys.len()];
    let mut name_of_work: HashMap<&str, u32> = HashMap::new();
    for (id, credit, genre, territory, label) in &rows {
        let Some(work) = at.get(work_key(id).as_str()).copied() else {
            continue;
        };
        let name = name_at.get(name_key(credit).as_str()).copied();
        let said = [
            (Some(credit), 'a'),
            (genre.as_ref(), 'g'),
            (label.as_ref(), 'l'),
            (territory.as_ref(), 't'),
        ];
        for (text, kind) in said {
            if let Some(text) = text {
                let mark = marks.number(format!("{kind}{}", fold(text)));
                worn[work as usize].push((mark, 1.0));
                if let Some(name) = name {
                    worn[name as usize].push((mark, 1.0));
                }
            }
        }
        if let Some(name) = name {
            name_of_work.insert(id, name);
        }
    }
    let placed: Vec<(String, String)> = selection_works::table
        .inner_join(selections::table.on(selections::id.eq(selection_works::selection_id)))
        .filter(selections::withdrawn_us.is_null())
        .order_by((selection_works::selection_id, selection_works::position))
        .select((selection_works::selection_id, selection_works::work_id))
        .load(conn)?;
    for (selection, work) in placed {
        if let Some(thing) = at.get(work_key(&work).as_str()) {
            let mark = marks.number(format!("s{selection}"));
            worn[*thing as usize].push((mark, 1.0));
        }
    }
    for (name, credit) in &pairs {
        let mark = marks.number(format!("p{name}"));
        for key in [format!("n{name}\n"), name_key(credit)] {
            if let Some(thing) = name_at.get(key.as_str()) {
                worn[*thing as usize].push((mark, 1.0));
            }
        }
    }
    for mine in &mut worn {
        mine.sort_by_key(|(mark, _)| *mark);
        mine.dedup_by_key(|(mark, _)| *mark);
        mine.truncate(64);
    }
    let mut of_members: BTreeMap<String, Vec<(u32, i64)>> = BTreeMap::new();
    let heard: Vec<(String, String, i64)> = plays::table
        .inner_join(members::table.on(members::id.eq(plays::member_id)))
        .filter(members::kind.eq("person"))
        .group_by((plays::member_id, plays::work_id))
        .select((plays::member_id, plays::work_id, diesel::dsl::count_star()))
        .load(conn)?;
    for (member, work, times) in heard {
        if let Some(thing) = at.get(work_key(&work).as_str()) {
            let mine = of_members.entry(member).or_default();
            mine.push((*thing, times));
            mine.extend(name_of_work.get(work.as_str()).map(|name| (*name, times)));
        }
    }
    for (member, name, times) in brought {
        if let Some(thing) = name_at.get(format!("n{name}\n").as_str()) {
            of_members.entry(member).or_default().push((*thing, times));
        }
    }
    let members = of_members.into_values().map(most_heard).collect();
    Ok(Material {
        mark_count: marks.0.len(),
        keys,
        members,
        marks: worn,
    })
}

/// A member's things, each once, what they heard most first, no more than the limit.
fn most_heard(mut heard: Vec<(u32, i64)>) -> Vec<u32> {
    heard.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut seen = HashSet::new();
    heard.retain(|(thing, _)| seen.insert(*thing));
    heard.truncate(HEARD_LIMIT);
    heard.into_iter().map(|(thing, _)| thing).collect()
}

/// The names members brought. A name that the catalogue lacks is a thing only when enough members
/// brought it: not even the word is in the file otherwise.
fn brought(
    conn: &mut Conn,
    names: &mut BTreeMap<String, String>,
) -> QueryResult<Vec<(String, String, i64)>> {
    let brought: Vec<(String, String, i64)> = brought_names::table
        .order_by((brought_names::member_id, brought_names::name_key))
        .select((
            brought_names::member_id,
            brought_names::name_key,
            brought_names::times,
        ))
        .load(conn)?;
    let mut by_name: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for (member, name, _) in &brought {
        by_name.entry(name).or_default().insert(member);
    }
    for (name, who) in by_name {
        if who.len() >= BACKED as usize {
            names.entry(format!("n{name}\n")).or_default();
        }
    }
    Ok(brought)
}
