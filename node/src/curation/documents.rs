//! A selection as other nodes read it, signed by this node; and its words in HTML, as the
//! fediverse writes them, and back.

use std::collections::BTreeMap;

use federation::vocabulary::{Selection as SelectionWords, SelectionItem, Timestamp};
use serde_json::{Value, json};
use settlement::{Uri, WorkId};

use super::{Selection, store};
use crate::Node;
use crate::catalogue::{self, documents::signed};
use crate::db::Conn;
use crate::web::Refusal;

/// The document of a selection of this node.
///
/// # Errors
/// When the database or the key breaks.
pub fn selection(conn: &mut Conn, node: &Node, selection: &Selection) -> Result<Value, Refusal> {
    let ids: Vec<WorkId> = selection
        .items
        .iter()
        .map(|item| item.work.clone())
        .collect();
    let titles: BTreeMap<WorkId, String> = catalogue::store::works(conn, &ids)?
        .into_iter()
        .map(|work| (work.id, work.title))
        .collect();
    let items = selection.items.iter().map(|item| SelectionItem {
        work: item.work.clone(),
        name: titles.get(&item.work).cloned(),
        note: (!item.note.is_empty()).then(|| item.note.clone()),
    });
    let details = store::details::of(conn, selection.id.as_str())?;
    let cover = details
        .picture
        .map(|digest| node.config.uri(&format!("/covers/{}", digest.hex())));
    let words = SelectionWords {
        id: selection.id.clone(),
        name: selection.title.clone(),
        content: Some(html(&selection.words)),
        attributed_to: selection.venue.clone(),
        published: Timestamp::from_micros(selection.published_us),
        updated: Timestamp::from_micros(selection.updated_us),
        page: Some(selection.id.clone()),
        cover: cover.and_then(|cover| Uri::parse(&cover).ok()),
        items: items.collect(),
    };
    let mut value = words.to_value();
    value["venue"] = json!({
        "type": "Organization",
        "id": selection.venue.as_str(),
        "name": selection.venue_name,
        "colour": selection.colour,
    });
    if let Some(language) = details.language {
        let in_both = |text: &str, other: &Option<String>| {
            let mut both = serde_json::Map::new();
            both.insert(language.code().to_owned(), json!(text));
            if let Some(other) = other {
                both.insert(language.other().code().to_owned(), json!(other));
            }
            Value::Object(both)
        };
        let other_words = details.other_words.as_deref().map(html);
        value["nameMap"] = in_both(&selection.title, &details.other_title);
        value["contentMap"] = in_both(&html(&selection.words), &other_words);
    }
    if let Some(answers) = &details.answers {
        value["inReplyTo"] = json!(answers.as_str());
    }
    signed(node, value, selection.updated_us)
}

/// Plain text as HTML: a paragraph for each line that says something.
pub fn html(words: &str) -> String {
    let lines = words.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            let line = escaped(line);
            format!("<p>{line}</p>")
        })
        .collect()
}

/// Plain text within HTML.
pub fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// HTML as plain text: tags gone, a line for each paragraph, the common entities as what they
/// stand for. What comes out is text, whatever went in, and is escaped where it is shown.
pub fn plain(html: &str) -> String {
    let mut plain = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        if let Some(inside) = from.strip_prefix('<') {
            let (tag, after) = inside.split_once('>').unwrap_or((inside, ""));
            let name = tag.trim_start_matches('/').to_ascii_lowercase();
            if ["p", "br", "br/", "br /", "div", "li", "h1", "h2", "h3"].contains(&name.trim())
                && !plain.ends_with('\n')
                && !plain.is_empty()
            {
                plain.push('\n');
            }
            rest = after;
        } else {
            let (letter, after) = entity(from);
            plain.push_str(letter);
            rest = after;
        }
    }
    plain.push_str(rest);
    plain.trim().to_owned()
}

/// What an entity at the beginning of the text stands for, and what follows it.
fn entity(text: &str) -> (&str, &str) {
    const ENTITIES: [(&str, &str); 7] = [
        ("&amp;", "&"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&nbsp;", "\u{a0}"),
    ];
    for (written, letter) in ENTITIES {
        if let Some(after) = text.strip_prefix(written) {
            return (letter, after);
        }
    }
    text.split_at(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_out_as_paragraphs_and_come_back_as_they_were() {
        let words = "Un & deux <trois>.\nAprès l’orage, \"tout\" luit.";
        let sent = html(words);
        assert_eq!(
            sent,
            "<p>Un &amp; deux &lt;trois&gt;.</p><p>Après l’orage, \"tout\" luit.</p>"
        );
        assert_eq!(plain(&sent), words);
    }

    #[test]
    fn strangers_html_becomes_text() {
        assert_eq!(plain("<p>a<br/>b</p><script>x</script"), "a\nb\nx");
        assert_eq!(plain("1 < 2 &amp;amp; &unknown; é&"), "1");
        assert_eq!(plain("&amp;lt;b&amp;gt; &copy; é&"), "&lt;b&gt; &copy; é&");
        assert_eq!(plain(&"<".repeat(100_000)), "");
    }
}
