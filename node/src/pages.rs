//! The pages: what they share. Each room's own pages are in its `pages.rs`.

use crate::Node;
use crate::config::Language;
use crate::web::Refusal;

/// The page that tells a guest why there is nothing else to read.
pub fn refusal(node: &Node, language: Language, refusal: &Refusal, sentence: &str) -> String {
    let _ = refusal;
    let name = askama::filters::escape(&node.config.name, askama::filters::Html)
        .map(|s| s.to_string())
        .unwrap_or_default();
    let sentence = askama::filters::escape(sentence, askama::filters::Html)
        .map(|s| s.to_string())
        .unwrap_or_default();
    format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><title>{name}</title><p>{sentence}</p></html>",
        language.code()
    )
}
