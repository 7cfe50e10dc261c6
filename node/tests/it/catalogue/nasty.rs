//! The files that parsers of XML are tried with: each is refused in words, in bounded memory, and a
//! delivery goes on after it.

use std::fs;

use node::catalogue::import::ern;
use node::config::Language;
use settlement::Territory;

use super::messages::Album;
use super::sounds::{import, put};
use crate::world::World;

fn whole() -> String {
    Album::default().xml()
}

fn with(from: &str, to: &str) -> Vec<u8> {
    let whole = whole();
    assert!(whole.contains(from), "{from}");
    whole.replacen(from, to, 1).into_bytes()
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let units = text.encode_utf16();
    match little {
        true => units.flat_map(u16::to_le_bytes).collect(),
        false => units.flat_map(u16::to_be_bytes).collect(),
    }
}

fn latin(text: &str) -> Vec<u8> {
    let letters = text.chars();
    letters
        .map(|letter| u8::try_from(letter).unwrap_or(b'?'))
        .collect()
}

/// Entities that stand for entities, ten each, so many deep.
fn laughs(depth: usize) -> String {
    let mut entities = "<!ENTITY a0 'ha'>".to_owned();
    for at in 1..=depth {
        let ten = format!("&a{};", at - 1).repeat(10);
        entities += &format!("<!ENTITY a{at} '{ten}'>");
    }
    format!("<!DOCTYPE x [{entities}]><ern:New")
}

/// Name, file, words of the refusal.
fn nasty() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let text = whole();
    let declared = |name: &str| text.replacen("UTF-8", name, 1);
    let quadratic = format!(
        "<!DOCTYPE x [<!ENTITY a '{}'>]><ern:New",
        "x".repeat(100_000)
    );
    let attributes: String = (0..1_000_000).map(|at| format!(" a{at}=''")).collect();
    let few: String = (0..65).map(|at| format!(" a{at}=''")).collect();
    let comment = format!("<!-- {} -->", "-x".repeat(5 << 20));
    vec![
        (
            "billion-laughs",
            with("<ern:New", &laughs(9)),
            "document types",
        ),
        (
            "quadratic-blowup",
            with("<ern:New", &quadratic),
            "document types",
        ),
        (
            "parameter-entities",
            with(
                "<ern:New",
                "<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1/x'>%p;]><ern:New",
            ),
            "document types",
        ),
        (
            "external-entity",
            with(
                "<ern:New",
                "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><ern:New",
            ),
            "document types",
        ),
        (
            "external-dtd",
            with(
                "<ern:New",
                "<!DOCTYPE x PUBLIC '-//x' 'http://127.0.0.1/x.dtd'><ern:New",
            ),
            "document types",
        ),
        (
            "doctype-unclosed",
            with("<ern:New", "<!DOCTYPE x [<ern:New"),
            "Line",
        ),
        (
            "doctype-within",
            with("<PartyList>", "<PartyList><!DOCTYPE x>"),
            "document types",
        ),
        (
            "entity-undeclared",
            with("Le Fil", "&nbsp;"),
            "entities are not expanded",
        ),
        (
            "entity-in-attribute",
            with(
                "LanguageAndScriptCode=\"fr\"",
                "LanguageAndScriptCode=\"&x;\"",
            ),
            "an attribute needs entities",
        ),
        ("entity-unclosed", with("Le Fil", "Le & Fil"), "Line"),
        ("reference-to-nul", with("Le Fil", "&#0;"), "Line"),
        (
            "reference-to-control",
            with("Le Fil", "&#x1b;"),
            "characters that XML does not have",
        ),
        ("reference-to-surrogate", with("Le Fil", "&#xD800;"), "Line"),
        (
            "reference-too-large",
            with("Le Fil", "&#x7fffffff;"),
            "Line",
        ),
        (
            "reference-endless",
            with("Le Fil", &format!("&#{};", "9".repeat(1 << 20))),
            "Line",
        ),
        (
            "nul",
            with("Le Fil", "Le\u{0}Fil"),
            "characters that XML does not have",
        ),
        (
            "noncharacter",
            with("Le Fil", "Le\u{ffff}Fil"),
            "characters that XML does not have",
        ),
        (
            "invalid-utf-8",
            text.replacen("Le Fil", "Le \u{1}", 1)
                .into_bytes()
                .iter()
                .map(|b| if *b == 1 { 0xff } else { *b })
                .collect(),
            "not UTF-8",
        ),
        (
            "overlong-utf-8",
            replaced(&text, b"\xc0\xbcscript"),
            "not UTF-8",
        ),
        (
            "surrogates-in-utf-8",
            replaced(&text, b"\xed\xa0\x80"),
            "not UTF-8",
        ),
        (
            "cut-utf-8",
            text.as_bytes()[..text.find('’').unwrap() + 1].to_vec(),
            "not UTF-8",
        ),
        ("latin-1-undeclared", latin(&text), "not UTF-8"),
        (
            "utf-7",
            declared("UTF-7").into_bytes(),
            "\"UTF-7\" is not known",
        ),
        ("ebcdic", declared("IBM037").into_bytes(), "is not known"),
        (
            "utf-32",
            text.chars()
                .flat_map(|letter| u32::from(letter).to_le_bytes())
                .collect(),
            "Line 1",
        ),
        (
            "utf-16-by-its-word-alone",
            declared("UTF-16").into_bytes(),
            "it says that it is in UTF-16",
        ),
        (
            "utf-16-odd",
            {
                let mut odd = [vec![0xff, 0xfe], utf16(&text, true)].concat();
                odd.pop();
                odd
            },
            "UTF-16",
        ),
        (
            "utf-16-lone-surrogate",
            [
                &[0xff, 0xfe][..],
                &utf16(&text[..200], true),
                &[0, 0xd8, 0x41, 0],
                &utf16(&text[200..], true),
            ]
            .concat(),
            "UTF-16",
        ),
        (
            "utf-8-after-mark-of-utf-16",
            [&[0xff, 0xfe][..], text.as_bytes()].concat(),
            "Line",
        ),
        ("empty", Vec::new(), "no element"),
        ("blank", b" \n\t\r\n".to_vec(), "no element"),
        (
            "words",
            b"NewReleaseMessage and no more".to_vec(),
            "text outside",
        ),
        (
            "deep",
            with("<MessageHeader>", &"<a>".repeat(1_000_000)),
            "too deep",
        ),
        (
            "deep-prefixes",
            with(
                "<MessageHeader>",
                &(0..1_000)
                    .map(|at| format!("<a xmlns:p{at}='urn:x'>"))
                    .collect::<String>(),
            ),
            "too deep",
        ),
        (
            "million-attributes",
            with("<PartyList>", &format!("<PartyList{attributes}>")),
            "Line",
        ),
        (
            "some-attributes",
            with("<PartyList>", &format!("<PartyList{few}>")),
            "too many attributes",
        ),
        (
            "attribute-twice",
            with("<PartyList>", "<PartyList a='1' a='2'>"),
            "Line",
        ),
        (
            "attribute-bare",
            with("<PartyList>", "<PartyList a>"),
            "Line",
        ),
        (
            "attribute-unquoted",
            with("<PartyList>", "<PartyList a=b>"),
            "Line",
        ),
        (
            "attribute-unclosed",
            with("<PartyList>", "<PartyList a='>"),
            "Line",
        ),
        (
            "long-text",
            with("Le Fil", &"x".repeat(9 << 20)),
            "longer than any",
        ),
        (
            "long-name",
            with(
                "<PartyList>",
                &format!("<{0}></{0}><PartyList>", "n".repeat(300)),
            ),
            "name of an element",
        ),
        (
            "long-vocabulary",
            with(
                "<PartyList>",
                &format!("<PartyList xmlns:x='{}'>", "v".repeat(2_000)),
            ),
            "name of a vocabulary",
        ),
        (
            "long-comment",
            with("<PartyList>", &format!("{comment}<PartyList>")),
            "longer than any",
        ),
        (
            "comment-unclosed",
            with("<PartyList>", "<!-- <PartyList>"),
            "Line",
        ),
        (
            "cdata-unclosed",
            with("<PartyList>", "<![CDATA[ <PartyList>"),
            "Line",
        ),
        (
            "instruction-unclosed",
            with("<PartyList>", "<?x <PartyList>"),
            "Line",
        ),
        (
            "declared-again",
            with("<PartyList>", "<?xml version='1.0'?><PartyList>"),
            "begins again",
        ),
        (
            "unclosed",
            text.as_bytes()[..text.len() - 30].to_vec(),
            "not XML",
        ),
        (
            "closed-twice",
            format!("{text}</ern:NewReleaseMessage>").into_bytes(),
            "Line",
        ),
        (
            "crossed",
            with(
                "</PartyReference><PartyName>",
                "<PartyName></PartyReference>",
            ),
            "Line",
        ),
        (
            "trailing-element",
            format!("{text}<x/>").into_bytes(),
            "after its end",
        ),
        (
            "trailing-words",
            format!("{text}and so on").into_bytes(),
            "text outside",
        ),
        (
            "trailing-nul",
            format!("{text}\0").into_bytes(),
            "characters that XML does not have",
        ),
        (
            "other-vocabulary",
            with("http://ddex.net/xml/ern/43", "urn:else"),
            "not of a version",
        ),
        (
            "no-vocabulary",
            with(" xmlns:ern=\"http://ddex.net/xml/ern/43\"", ""),
            "stands for",
        ),
        (
            "prefix-unbound",
            with("<PartyList>", "<x:Y/><PartyList>"),
            "x:Y",
        ),
        (
            "html",
            b"<!DOCTYPE html><html><head><title>NewReleaseMessage</title></head></html>".to_vec(),
            "document types",
        ),
        (
            "stylesheet-bomb",
            with(
                "<ern:New",
                &format!("{}<x", "<?xml-stylesheet href='x'?>".repeat(1_000)),
            ),
            "Line",
        ),
    ]
}

fn replaced(text: &str, by: &[u8]) -> Vec<u8> {
    let at = text.find("Le Fil").unwrap();
    [&text.as_bytes()[..at], by, &text.as_bytes()[at..]].concat()
}

#[test]
fn every_nasty_file_is_refused_in_words() {
    for (name, bytes, words) in nasty() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
        let read = ern::read(file, Territory::parse("FR").unwrap());
        let why = match read {
            Ok(message) => panic!("{name} was read: {message:?}"),
            Err(why) => why.to(Language::En),
        };
        assert!(why.contains(words), "{name}: {why}");
        assert!(why.len() < 1_000, "{name}: {} bytes of words", why.len());
    }
}

#[test]
fn what_is_odd_and_well_formed_is_read_all_the_same() {
    let text = whole();
    let plain = format!("{:?}", message(text.as_bytes()));
    let flood = format!(
        "{}{}<PartyList>",
        "<!---->".repeat(200_000),
        "<?x?>".repeat(200_000)
    );
    let title = "Le <![CDATA[Fi]]>&#108;<!-- -->";
    for (name, bytes) in [
        ("mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        (
            "utf-16le",
            [&[0xff, 0xfe][..], &utf16(&text, true)].concat(),
        ),
        (
            "utf-16be",
            [&[0xfe, 0xff][..], &utf16(&text, false)].concat(),
        ),
        ("utf-16le without a mark", utf16(&text, true)),
        (
            "utf-16 without a declaration",
            utf16(text.split_once("?>\n").unwrap().1, true),
        ),
        (
            "latin-1 that says so",
            latin(&text.replacen("UTF-8", "ISO-8859-15", 1).replace('’', "'")),
        ),
        (
            "no declaration",
            text.split_once("?>").unwrap().1.as_bytes().to_vec(),
        ),
        ("carriage returns", text.replace('\n', "\r\n").into_bytes()),
        ("comments without end", with("<PartyList>", &flood)),
        ("pieces of a name", with("Le Fil", title)),
        (
            "blanks behind",
            format!("{text}\n<!-- --> <?x?>\n").into_bytes(),
        ),
    ] {
        let read = format!("{:?}", message(&bytes));
        let same = |text: &str| {
            // Lines differ where there is more before them.
            let mut words = text.split("line: ");
            let mut kept = words.next().unwrap_or_default().to_owned();
            for word in words {
                kept += word.trim_start_matches(|digit: char| digit.is_ascii_digit());
            }
            kept.replace('’', "'")
        };
        assert_eq!(same(&read), same(&plain), "{name}");
    }
}

fn message(bytes: &[u8]) -> ern::Message {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
    match ern::read(file, Territory::parse("FR").unwrap()) {
        Ok(message) => message,
        Err(why) => panic!("{}", why.to(Language::En)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_with_nasty_files_goes_on_and_every_one_is_told() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for (name, bytes, _) in nasty() {
        let is_message = fs::write(folder.path().join("probe"), &bytes).is_ok()
            && ern::is_ern(&folder.path().join("probe"));
        if is_message {
            put(folder.path(), &format!("in/{name}.xml"), &bytes);
            names.push(format!("{name}.xml"));
        }
    }
    assert!(names.len() > 40, "{}", names.len());
    put(folder.path(), "in/zz.xml", whole().as_bytes());
    let (summary, _) = import(&loire, &folder.path().join("in"));
    assert_eq!(summary.taken, 2);
    assert_eq!(summary.refused_count, names.len() as u64);
    for name in names {
        assert!(
            summary
                .refused
                .iter()
                .any(|(file, _)| file.ends_with(&name)),
            "{name}"
        );
    }
}
