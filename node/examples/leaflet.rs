//! A node with something on every page, to look at while one works on them:
//! `cargo run -p node --example leaflet`, then open the address it says. Members `ana` (curator
//! and operator); the password is `correct horse battery staple`. Everything is in a temporary
//! folder and goes with it. There is no sound, but for the tagged files in folders named as
//! arguments.

use std::path::PathBuf;

use diesel::prelude::*;
use node::Node;
use node::catalogue::{self, Party, Release, Work};
use node::config::{Config, Coordinator, Language};
use node::coordinator::pages::statement_address;
use node::coordinator::store::{
    Countersigned, NodeStatement, PartyEarning, PartyStatement, Statements, VenuePayment,
};
use node::db::{Conn, DbError};
use node::members::{self, Role};
use node::reports::store::KnownSettlement;
use node::schema::{peers, plays, selection_works, selections};
use settlement::{Currency, Kind, Minor, PartyId, Period, Territory, Uri, WorkId};

const HERE: &str = "http://localhost:8191";
const FAR: &str = "http://wallonie.example";
const NOON_US: i64 = 1_795_262_400_000_000;
const DAY_US: i64 = 86_400_000_000;

/// Artist, release, label, year, genre, tracks.
type Record = (
    &'static str,
    &'static str,
    &'static str,
    u16,
    &'static str,
    &'static [&'static str],
);

const HERE_RECORDS: [Record; 5] = [
    (
        "Anne Varenne",
        "Bords de Loire",
        "Le Fil rouge",
        2026,
        "Chanson",
        &[
            "Crue",
            "La gare de Roanne",
            "L’eau porte",
            "Sables",
            "Un dimanche à Digoin",
        ],
    ),
    (
        "Quatuor Belledonne",
        "Neiges lentes",
        "Alpage",
        2025,
        "Musique de chambre",
        &["I. Très calme", "II. Vif", "III. Neige"],
    ),
    (
        "Fourvière Dub Unit",
        "Traboules",
        "Pentes",
        2026,
        "Dub",
        &["Montée des Épies", "Traboule n° 4", "Croix-Rousse by night"],
    ),
    (
        "Les Sœurs Malaval",
        "Veillées d’Ambert",
        "Papier moulin",
        2024,
        "Traditionnel",
        &["Bourrée à trois temps", "La Marianne", "Regret"],
    ),
    (
        "Idriss K.",
        "Banlieue Est",
        "Pentes",
        2026,
        "Rap",
        &["Ligne D", "Vaulx", "Minuit moins le quart"],
    ),
];
const FAR_RECORDS: [Record; 4] = [
    (
        "Meuse Ensemble",
        "Sambre et brouillard",
        "Igloo-sur-Meuse",
        2026,
        "Jazz",
        &["Brouillard", "Namur, pluie", "Le pont des Ardennes"],
    ),
    (
        "Lotte & Germain",
        "Terril",
        "Houille",
        2025,
        "Folk",
        &["Terril", "Charleroi danse", "Le canari"],
    ),
    (
        "Ardenne électrique",
        "Fagnes",
        "Houille",
        2026,
        "Électronique",
        &["Tourbe", "Hautes Fagnes", "Signal de Botrange"],
    ),
    (
        "Chœur de Liège",
        "Vêpres d’hiver",
        "Igloo-sur-Meuse",
        2023,
        "Chœur",
        &["Antienne", "Répons", "Magnificat"],
    ),
];

fn slug(text: &str) -> String {
    node::names::slug(text, "nameless")
}

fn stock(conn: &mut Conn, origin: &str, records: &[Record], territory: &str) -> QueryResult<()> {
    let territory = Territory::parse(territory).ok();
    for (at, (artist, title, label, year, genre, tracks)) in records.iter().enumerate() {
        let created_us = NOON_US - DAY_US * i64::try_from(at).unwrap();
        let party = |name: &str, kind| Party {
            id: PartyId::parse(&format!("{origin}/parties/{}", slug(name))).unwrap(),
            kind,
            name: name.into(),
            origin: origin.into(),
            created_us,
        };
        let artist_party = party(artist, catalogue::Role::Artist);
        let label_party = party(label, catalogue::Role::Label);
        catalogue::store::put_party(conn, &artist_party)?;
        catalogue::store::put_party(conn, &label_party)?;
        let release = Release {
            id: Uri::parse(&format!("{origin}/releases/{}", slug(title))).unwrap(),
            origin: origin.into(),
            title: (*title).into(),
            credit: (*artist).into(),
            artist: Some(artist_party.id.clone()),
            label_party: Some(label_party.id.clone()),
            label: Some((*label).into()),
            icpn: Some("3700000000017".into()),
            year: Some(*year),
            genre: Some((*genre).into()),
            cover: None,
            cover_url: None,
            territory,
            document: None,
            grouping: None,
            created_us,
            updated_us: created_us,
            withdrawn_us: None,
        };
        catalogue::store::put_release(conn, &release)?;
        for (at, track) in tracks.iter().enumerate() {
            let number = u32::try_from(at).unwrap() + 1;
            let work = Work {
                id: work_id(origin, track),
                origin: origin.into(),
                kind: Kind::Music,
                title: (*track).into(),
                credit: (*artist).into(),
                artist: Some(artist_party.id.clone()),
                release: Some(release.id.clone()),
                disc: Some(1),
                position: Some(number),
                isrc: None,
                territory,
                duration_ms: 151_000 + u64::from(number) * 37_400,
                media: None,
                media_url: None,
                media_type: None,
                media_size: None,
                genre: Some((*genre).into()),
                year: Some(*year),
                document: None,
                created_us,
                updated_us: created_us,
                withdrawn_us: None,
                offer: Default::default(),
            };
            catalogue::store::put_work(conn, &work)?;
            let parts = [
                (artist_party.id.clone(), catalogue::Role::Artist),
                (label_party.id.clone(), catalogue::Role::Label),
            ];
            catalogue::store::set_contributors(conn, &work.id, &parts)?;
        }
    }
    Ok(())
}

fn work_id(origin: &str, track: &str) -> WorkId {
    WorkId::parse(&format!("{origin}/works/{}", slug(track))).unwrap()
}

#[allow(clippy::too_many_arguments, reason = "one selection a line")]
fn select(
    conn: &mut Conn,
    origin: &str,
    venue: (&str, &str),
    colour: &str,
    territory: &str,
    title: &str,
    words: &str,
    works: &[(&str, &str, &str)],
    days: i64,
) -> QueryResult<()> {
    let id = format!("{origin}/selections/{}", slug(title));
    let us = NOON_US - days * DAY_US;
    diesel::insert_into(selections::table)
        .values((
            selections::id.eq(&id),
            selections::origin.eq(origin),
            selections::venue_id.eq(venue.0),
            selections::venue_name.eq(venue.1),
            selections::title.eq(title),
            selections::words.eq(words),
            selections::colour.eq(colour),
            selections::territory.eq(territory),
            selections::published_us.eq(us),
            selections::updated_us.eq(us),
        ))
        .execute(conn)?;
    for (at, (origin, track, note)) in works.iter().enumerate() {
        diesel::insert_into(selection_works::table)
            .values((
                selection_works::selection_id.eq(&id),
                selection_works::position.eq(i64::try_from(at).unwrap()),
                selection_works::work_id.eq(work_id(origin, track).as_str()),
                selection_works::note.eq(note),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn settle(conn: &mut Conn, venue: &str) -> QueryResult<()> {
    let id = format!("{HERE}/settlements/2026-10");
    node::reports::store::insert_settlement(
        conn,
        &KnownSettlement {
            id: id.clone(),
            period: "2026-10".into(),
            coordinator_id: format!("{HERE}/actor"),
            document: String::new(),
            digest: "sha-256:00".into(),
            folder: None,
            state: "recomputed".into(),
            reason: None,
            attempts: 0,
            next_try_us: 0,
            published_us: NOON_US - 9 * DAY_US,
            answered_us: None,
        },
    )?;
    let node = |node: String, contributed: i64, earned: i64| NodeStatement {
        settlement_id: id.clone(),
        node_id: node,
        contributed_micro: contributed * 1_000_000,
        rights_micro: contributed * 550_000,
        fund_micro: contributed * 100_000,
        node_micro: contributed * 250_000,
        coordinator_micro: contributed * 100_000,
        earned_micro: earned,
        adjusted_micro: 0,
        position_micro: contributed * 750_000 - earned,
    };
    let track = |origin: &str, track: &str| work_id(origin, track).to_string();
    let earning = |territory: &str, name: &str, uses: i64, of: i64| PartyEarning {
        settlement_id: id.clone(),
        party_id: format!("{HERE}/parties/anne-varenne"),
        territory: territory.into(),
        work_id: track(HERE, name),
        uses,
        share_bp: 5000,
        of_micro: of,
        amount_micro: of / 2,
    };
    let payment = |origin: &str, name: &str, uses: i64, micro: i64| VenuePayment {
        settlement_id: id.clone(),
        venue_id: venue.into(),
        work_id: track(origin, name),
        uses,
        amount_micro: micro,
    };
    let earnings = vec![
        earning("FR-ARA", "La gare de Roanne", 212, 4_212_345_678),
        earning("BE-WAL", "L’eau porte", 97, 2_410_998_112),
        earning("FR-ARA", "Crue", 61, 1_100_220_330),
        earning("FR-BRE", "Crue", 9, 331_125_004),
        earning("FR-ARA", "Sables", 12, 200_310_440),
    ];
    let earned: i64 = earnings.iter().map(|row| row.amount_micro).sum();
    let rows = Statements {
        nodes: vec![
            node(format!("{HERE}/actor"), 412_500, 198_000_000_000),
            node(format!("{FAR}/actor"), 287_000, 171_250_000_000),
            node(
                "http://bretagne.example/actor".into(),
                96_000,
                31_100_000_000,
            ),
        ],
        parties: vec![PartyStatement {
            settlement_id: id.clone(),
            party_id: format!("{HERE}/parties/anne-varenne"),
            carried_in_micro: 214_118_000,
            earned_micro: earned,
            adjusted_micro: 0,
            payable_minor: (earned + 214_118_000) / 1_000_000,
            carried_out_micro: (earned + 214_118_000) % 1_000_000,
        }],
        earnings,
        payments: vec![
            payment(HERE, "La gare de Roanne", 48, 61_234_500_000),
            payment(FAR, "Namur, pluie", 31, 42_100_220_000),
            payment(HERE, "Ligne D", 22, 31_870_000_000),
            payment(FAR, "Terril", 12, 9_400_110_000),
            payment(HERE, "Regret", 3, 1_200_004_000),
        ],
    };
    node::coordinator::store::keep_statements(conn, &id, &rows)?;
    for (node, agreed) in [
        (format!("{HERE}/actor"), true),
        (format!("{FAR}/actor"), true),
    ] {
        node::coordinator::store::keep_countersignature(
            conn,
            &Countersigned {
                settlement_id: id.clone(),
                node_id: node,
                agreed,
                reason: None,
                document: String::new(),
                received_us: NOON_US,
            },
        )?;
    }
    Ok(())
}

fn listen(conn: &mut Conn, venue: &str, members: &[String]) -> QueryResult<()> {
    let heard = [
        (HERE, "La gare de Roanne", 7),
        (FAR, "Namur, pluie", 6),
        (HERE, "Ligne D", 5),
        (FAR, "Terril", 5),
        (HERE, "Regret", 2),
    ];
    let begins_us = 1_791_000_000_000_000;
    for (at, (origin, track, count)) in heard.iter().enumerate() {
        for (number, member) in members.iter().take(*count).enumerate() {
            let at = i64::try_from(at * 40 + number).unwrap();
            diesel::insert_into(plays::table)
                .values((
                    plays::id.eq(format!("play-{at}")),
                    plays::member_id.eq(member),
                    plays::venue_id.eq(venue),
                    plays::work_id.eq(work_id(origin, track).as_str()),
                    plays::started_us.eq(begins_us + at * 600_000_000),
                    plays::seconds.eq(150),
                    plays::received_us.eq(begins_us),
                    plays::period.eq("2026-10"),
                ))
                .execute(conn)?;
        }
    }
    Ok(())
}

fn meet(conn: &mut Conn) -> QueryResult<()> {
    for (host, name, territory, failing) in [
        (FAR, "Wallonie", "BE-WAL", None),
        (
            "http://bretagne.example",
            "Bretagne",
            "FR-BRE",
            Some(NOON_US - 2 * DAY_US),
        ),
    ] {
        diesel::insert_into(peers::table)
            .values((
                (
                    peers::origin.eq(host),
                    peers::actor_id.eq(format!("{host}/actor")),
                    peers::name.eq(name),
                    peers::territory.eq(territory),
                    peers::inbox.eq(format!("{host}/inbox")),
                ),
                (
                    peers::standing.eq("known"),
                    peers::following.eq("yes"),
                    peers::follower.eq(true),
                    peers::fetched_us.eq(NOON_US),
                    peers::heard_us.eq(NOON_US - DAY_US),
                    peers::failing_since_us.eq(failing),
                    peers::next_try_us.eq(i64::MAX),
                    peers::attempts.eq(1),
                ),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn fill(node: &Node) -> Result<(), Box<dyn std::error::Error>> {
    let password = "correct horse battery staple";
    let library = node::venues::add(node, "Médiathèque de Roanne", Minor::new(4_950_000), 400)?;
    let hall = node::venues::add(node, "Le Fil, salle de concert", Minor::new(1_200_000), 80)?;
    let mut everybody = vec![
        members::add(
            node,
            library.id.as_str(),
            "ana",
            password,
            Some(Role::Operator),
        )?
        .id,
    ];
    for name in ["Bruno", "Chloé", "Driss", "Élise", "Farid", "Gwen"] {
        everybody.push(members::add(node, library.id.as_str(), name, password, None)?.id);
    }
    let (library_id, hall_id) = (library.id.to_string(), hall.id.to_string());
    node.db.write_now(|conn| {
        stock(conn, HERE, &HERE_RECORDS, "FR-ARA")?;
        stock(conn, FAR, &FAR_RECORDS, "BE-WAL")?;
        select(
            conn, HERE, (&library_id, "Médiathèque de Roanne"), &library.colour, "FR-ARA",
            "Ce que l’eau porte",
            "Deux rivières se répondent cet automne : la Loire, qui monte, et la Meuse, qui descend dans le brouillard. Entre les deux, des gens qui chantent pour passer le temps, ou pour le retenir.\n\nOn peut commencer par n’importe quel bout. Nous, nous avons commencé par la gare.",
            &[
                (HERE, "La gare de Roanne", "Un quai, une valise, trois accords. Anne Varenne habite au-dessus du marché, et cela s’entend."),
                (FAR, "Namur, pluie", "La même pluie, mais en jazz. Le saxophone attend toujours un peu trop longtemps avant de répondre."),
                (HERE, "L’eau porte", "Elle donne son titre à cette sélection : écoutez la deuxième voix."),
                (FAR, "Répons", "Un chœur d’hiver : l’un dit, l’autre reprend. C’est aussi le principe de cette maison."),
                (HERE, "III. Neige", ""),
            ],
            0,
        )?;
        select(conn, HERE, (&hall_id, "Le Fil, salle de concert"), &hall.colour, "FR-ARA", "Avant la nuit", "Ce que nous passons en ouvrant les portes, quand la salle est encore froide.", &[(HERE, "Montée des Épies", ""), (HERE, "Ligne D", ""), (FAR, "Tourbe", "")], 3)?;
        select(conn, HERE, (&library_id, "Médiathèque de Roanne"), &library.colour, "FR-ARA", "Pour plier le linge", "Une heure, pas plus.", &[(HERE, "Regret", ""), (FAR, "Le canari", "")], 9)?;
        select(conn, FAR, (&format!("{FAR}/venues/citadelle"), "Bibliothèque de la Citadelle"), "#7a4e2d", "BE-WAL", "Sous les terrils", "Le charbon est parti, la musique est restée. Quatre disques de Charleroi, et une réponse de Lyon.", &[(FAR, "Terril", ""), (FAR, "Charleroi danse", ""), (HERE, "Ligne D", ""), (FAR, "Tourbe", "")], 1)?;
        select(conn, FAR, (&format!("{FAR}/venues/reflet"), "Le Reflet"), "#33658a", "BE-WAL", "Un hiver liégeois", "Ce qui se chante quand il fait noir à quatre heures.", &[(FAR, "Antienne", ""), (FAR, "Magnificat", ""), (HERE, "II. Vif", "")], 6)?;
        settle(conn, &library_id)?;
        listen(conn, &library_id, &everybody)?;
        meet(conn)?;
        Ok::<_, DbError>(())
    })?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let dir = folder.path().join("leaflet");
    let listen = "127.0.0.1:8191".parse()?;
    let config = Config {
        media: dir.join("media"),
        name: "Antiphon Loire".into(),
        domain: "localhost:8191".into(),
        territory: Territory::parse("FR-ARA")?,
        currency: Currency::parse("EUR")?,
        language: Language::Fr,
        timezone: "Europe/Paris".into(),
        coordinator: Coordinator::Here,
        database: None,
        media_cache_bytes: Config::USUAL_CACHE_BYTES,
        listen,
        dev: true,
        clock_shift_seconds: 0,
        follow_back: false,
        federation: node::config::Federation::Open,
        authorised_fetch: false,
        extra_roots: None,
        splits_delay_days: 30,
        dir,
    };
    let app = tokio::task::spawn_blocking(move || {
        let node = Node::found(config).map_err(|e| e.to_string())?;
        fill(&node).map_err(|e| e.to_string())?;
        let music: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
        let options = catalogue::import::ImportOptions::default();
        catalogue::import::run(&node, &music, &options, &mut |_| {}).map_err(|e| e.to_string())?;
        Ok::<_, String>(node::share(node))
    })
    .await??;
    println!("{HERE}/");
    let october = Period::parse("2026-10")?;
    println!(
        "{}",
        statement_address(&app, october, &format!("{HERE}/parties/anne-varenne"))
    );
    let listener = tokio::net::TcpListener::bind(listen).await?;
    axum::serve(listener, node::router(&app)).await?;
    Ok(())
}
