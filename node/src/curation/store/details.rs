//! What a selection has besides its title and words: another language, a picture, whom it answers.

use std::collections::HashMap;

use diesel::prelude::*;
use federation::digest::Sha256Digest;
use settlement::Uri;

use crate::config::Language;
use crate::db::Conn;
use crate::schema::selection_details;

/// What a selection has besides its title and words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The language of its title and words, where that was said.
    pub language: Option<Language>,
    /// Its title in the other language.
    pub other_title: Option<String>,
    /// Its words in the other language.
    pub other_words: Option<String>,
    /// Its picture, when it is here.
    pub picture: Option<Sha256Digest>,
    /// Where its origin serves its picture.
    pub picture_url: Option<Uri>,
    /// The selection it was borrowed from.
    pub answers: Option<Uri>,
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = selection_details, treat_none_as_null = true)]
struct Row {
    selection_id: String,
    language: Option<String>,
    other_title: Option<String>,
    other_words: Option<String>,
    picture: Option<String>,
    picture_url: Option<String>,
    answers: Option<String>,
}

impl Row {
    fn read(self) -> (String, Details) {
        let uri = |text: Option<String>| text.and_then(|text| Uri::parse(&text).ok());
        let details = Details {
            language: self.language.as_deref().and_then(Language::parse),
            other_title: self.other_title,
            other_words: self.other_words,
            picture: self.picture.and_then(|digest| digest.parse().ok()),
            picture_url: uri(self.picture_url),
            answers: uri(self.answers),
        };
        (self.selection_id, details)
    }
}

/// The details of these selections, by URI; those that have none are missing.
pub fn details(conn: &mut Conn, ids: &[&str]) -> QueryResult<HashMap<String, Details>> {
    let rows: Vec<Row> = selection_details::table
        .filter(selection_details::selection_id.eq_any(ids))
        .load(conn)?;
    Ok(rows.into_iter().map(Row::read).collect())
}

/// The details of one selection.
pub fn of(conn: &mut Conn, id: &str) -> QueryResult<Details> {
    Ok(details(conn, &[id])?.remove(id).unwrap_or_default())
}

/// Writes the details of a selection in place of those it had.
pub fn put(conn: &mut Conn, id: &str, details: &Details) -> QueryResult<()> {
    let text = |uri: &Option<Uri>| uri.as_ref().map(Uri::to_string);
    let row = Row {
        selection_id: id.to_owned(),
        language: details.language.map(|language| language.code().to_owned()),
        other_title: details.other_title.clone(),
        other_words: details.other_words.clone(),
        picture: details.picture.map(|digest| digest.to_string()),
        picture_url: text(&details.picture_url),
        answers: text(&details.answers),
    };
    let changed = diesel::update(selection_details::table.find(id))
        .set(&row)
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(selection_details::table)
            .values(&row)
            .execute(conn)?;
    }
    Ok(())
}
