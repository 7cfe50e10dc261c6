//! Home: what one follows, here and elsewhere, and what members love; never whose love it is.

use node::catalogue::store;
use node::curation::{self, Item};
use node::db::DbError;

use crate::curation::two_works;
use crate::world::{Host, World};

fn publish(host: &Host, venue: &node::venues::Venue, title: &str, work: &settlement::WorkId) {
    let items = [Item {
        work: work.clone(),
        note: String::new(),
    }];
    tokio::task::block_in_place(|| {
        let publish = |conn: &mut _| curation::publish(conn, host, venue, title, "", &items);
        host.db.write_now(publish).unwrap();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_venue_and_an_artist_of_this_node_finds_their_news_at_home() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let works = two_works(&loire);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let hall = loire.venue("La Salle", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    publish(&loire, &library, "D’ici", &works[0]);
    publish(&loire, &hall, "De la salle", &works[0]);
    assert!(!ana.page("/").await.text.contains("id=\"followed\""));

    let path = format!("/venues/{}", hall.slug);
    let follow = [("who", hall.id.as_str()), ("back", path.as_str())];
    let led = ana.form("/follow", &follow).await;
    assert_eq!(led.location.as_deref(), Some(path.as_str()), "{}", led.text);
    assert!(ana.page(&path).await.text.contains("action=\"/unfollow\""));
    let home = ana.page("/").await.text;
    let (_, followed) = home.split_once("id=\"followed\"").unwrap();
    assert!(followed.contains("De la salle"), "{home}");
    let artist = loire.db.read_now(|conn| {
        let work = store::work(conn, &works[0])?.unwrap();
        Ok::<_, DbError>(work.artist.unwrap())
    });
    let artist = artist.unwrap();
    ana.form("/follow", &[("who", artist.as_str())]).await;
    let shelf = ana.page("/shelf").await.text;
    assert!(
        shelf.contains(">La Salle</a>") && shelf.contains(">Ana</a>"),
        "{shelf}"
    );
    ana.form("/unfollow", &[("who", hall.id.as_str())]).await;
    assert!(ana.page(&path).await.text.contains("action=\"/follow\""));
    let nobody = format!("{}/venues/nobody", loire.base());
    assert_eq!(ana.form("/follow", &[("who", &nobody)]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_five_members_love_is_shown_and_what_four_love_is_not() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let works = two_works(&loire);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let wish = [("work", works[0].as_str()), ("wanted", "yes")];
    let guest = loire.visitor();
    for (at, name) in (1..).zip(["Ana", "Bela", "Carl", "Dora", "Elsa"]) {
        assert!(!guest.page("/").await.text.contains("id=\"loved\""), "{at}");
        let member = loire.member(&library, name).await;
        member.form("/shelf/favourites", &wish).await;
    }
    let home = guest.page("/").await.text;
    let (_, loved) = home.split_once("id=\"loved\"").unwrap();
    assert!(loved.contains(">Aube</a>"), "{home}");
}
