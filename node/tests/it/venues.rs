//! Venues: seats, invitations, and a contribution that is carried month by month.

use std::thread;

use node::db::DbError;
use node::members;
use node::schema::periods;
use node::venues::{self, Seats, Venue};
use node::web::Refusal;
use settlement::{Minor, Period};

use crate::world::{Host, PASSWORD, World};
use diesel::prelude::*;

fn seats(host: &Host, venue: &Venue) -> Seats {
    host.db
        .read_now(|conn| venues::seats(conn, host, venue))
        .unwrap()
}

fn month(text: &str) -> Period {
    Period::parse(text).unwrap()
}

/// Marks a month as closed, as closing it does.
fn close(host: &Host, period: &str) {
    let row = (
        periods::period.eq(period.to_owned()),
        periods::state.eq("closed"),
    );
    host.db
        .write_now(|conn| {
            diesel::insert_into(periods::table)
                .values(row)
                .execute(conn)?;
            Ok::<_, DbError>(())
        })
        .unwrap();
}

fn carry(host: &Host, period: &str) -> Vec<i128> {
    let carried = host
        .db
        .write_now(|conn| venues::carry(conn, host, month(period)))
        .unwrap();
    carried.iter().map(|(_, amount)| amount.get()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_venues_of_one_name_have_two_addresses() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let first = loire.venue("Médiathèque de l’Étang", 0, 1);
    let second = loire.venue("Mediatheque de l'etang", 0, 1);
    assert_eq!(second.slug, format!("{}-2", first.slug));
    assert_eq!(
        first.id.as_str(),
        format!("{}/venues/{}", loire.base(), first.slug)
    );
    let unreadable = loire.venue("図書館", 0, 1);
    assert!(!unreadable.slug.is_empty() && unreadable.slug.is_ascii());
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_and_members_never_take_more_than_the_seats() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 120_000, 3);
    let slug = library.slug.as_str();
    let codes = tokio::task::block_in_place(|| venues::invite(&loire, slug, 2)).unwrap();
    loire.member(&library, "Ana").await;
    assert_eq!(
        seats(&loire, &library),
        Seats {
            paid: 3,
            taken: 1,
            invited: 2
        }
    );

    let refused = venues::invite(&loire, slug, 1).unwrap_err();
    assert!(
        refused.to_string().contains("no seat left of its 3"),
        "{refused}"
    );
    let refused = members::add(&loire, slug, "Bela", PASSWORD, None).unwrap_err();
    assert!(matches!(refused, Refusal::Conflict(_)), "{refused}");

    venues::revoke(&loire, slug, &codes[0]).unwrap();
    let refused = venues::invite(&loire, slug, 2).unwrap_err();
    assert!(
        refused.to_string().contains("only 1 seat left"),
        "{refused}"
    );
    members::add(&loire, slug, "Bela", PASSWORD, None).unwrap();
    assert_eq!(seats(&loire, &library).left(), 0);
    let refused = venues::revoke(&loire, slug, &codes[0]).unwrap_err();
    assert!(matches!(refused, Refusal::Conflict(_)), "{refused}");

    // A year later nobody can use what is left of them.
    world.turn_to("2027-11-10T12:00:01Z");
    assert_eq!(seats(&loire, &library).left(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_desks_that_invite_at_once_do_not_share_a_seat() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 4);
    let given: usize = tokio::task::block_in_place(|| {
        thread::scope(|scope| {
            let desk = || venues::invite(&loire, &library.slug, 1).is_ok();
            let desks: Vec<_> = (0..8).map(|_| scope.spawn(desk)).collect();
            let given = desks.into_iter().map(|desk| desk.join().unwrap());
            given.filter(|given| *given).count()
        })
    });
    assert_eq!(given, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_was_left_is_free_with_the_next_month() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 1);
    let ana = members::add(&loire, &library.slug, "Ana", PASSWORD, None).unwrap();
    members::leave(&loire, &ana.id, &library.id).await.unwrap();
    assert!(venues::invite(&loire, &library.slug, 1).is_err());
    // In Paris the first of December has begun.
    world.turn_to("2026-11-30T23:00:00Z");
    assert!(venues::invite(&loire, &library.slug, 1).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contribution_is_carried_month_by_month_to_the_last_cent() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    loire.venue("Library", 100, 3);
    assert_eq!(carry(&loire, "2026-10"), [0]);
    let mut carried = Vec::new();
    let mut period = month("2026-11");
    for _ in 0..13 {
        carried.extend(carry(&loire, &period.to_string()));
        // Asked again for the same month, the answer is the same.
        assert_eq!(
            carry(&loire, &period.to_string()),
            carried[carried.len() - 1..]
        );
        close(&loire, &period.to_string());
        period = period.next().unwrap();
    }
    assert_eq!(carried, [8, 8, 9, 8, 8, 9, 8, 8, 9, 8, 8, 9, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_closed_month_could_not_carry_is_carried_in_the_first_open_one() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 3);
    close(&loire, "2026-11");
    close(&loire, "2026-12");
    world.turn_to("2027-01-05T09:00:00Z");
    let year = Minor::new(1200);
    venues::receive_contribution(&loire, &library.slug, year, Some(month("2026-11"))).unwrap();
    assert_eq!(carry(&loire, "2027-01"), [300]);
    close(&loire, "2027-01");
    assert_eq!(carry(&loire, "2027-02"), [100]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_begins_with_the_first_month_that_is_open_when_the_money_comes() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    close(&loire, "2026-11");
    loire.venue("Library", 1200, 3);
    assert_eq!(carry(&loire, "2026-12"), [100]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_venue_is_refused_field_by_field() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let Err(Refusal::Invalid(complaints)) = venues::add(&loire, " ", Minor::new(5), 0) else {
        panic!("a venue without a name");
    };
    let fields: Vec<&str> = complaints.iter().map(|c| c.field).collect();
    assert_eq!(fields, ["name", "seats"]);
    assert!(venues::add(&loire, "Library", Minor::new(-1), 1).is_err());
    let refused = venues::invite(&loire, "nowhere", 1).unwrap_err();
    assert!(refused.to_string().contains("no venue yet"), "{refused}");
    loire.venue("Library", 0, 1);
    let refused = venues::invite(&loire, "nowhere", 1).unwrap_err();
    assert!(refused.to_string().contains("It has: library"), "{refused}");
}
