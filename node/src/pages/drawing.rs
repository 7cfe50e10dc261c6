//! Pictures the server draws: SVG with attributes only, since the pages allow no inline style.

use std::fmt::Write;

use federation::digest::Sha256Digest;

use super::Given;

/// How many bars an outline is drawn with.
const BARS: usize = 160;

/// The path that draws the outline of a sound, a bar for each stretch of it, from top to bottom of
/// a field of 640 by 64. Decorative beside a slider that says the same.
pub fn outline(peaks: &[u8]) -> String {
    let mut path = String::with_capacity(BARS * 14);
    for bar in 0..BARS {
        let from = bar * peaks.len() / BARS;
        let to = ((bar + 1) * peaks.len() / BARS).max(from + 1);
        let highest = peaks.get(from..to.min(peaks.len()));
        let highest = highest.and_then(|some| some.iter().max()).copied();
        // Silence is a dot, so that the line does not break.
        let half = (u32::from(highest.unwrap_or(0)) * 30 / 255).max(1);
        let _ = write!(path, "M{} {}v{}", bar * 4 + 2, 32 - half, half * 2);
    }
    path
}

/// Pairs of a ground and two voices, and the words' colour is the first voice's: each keeps 4.5:1
/// between ground and first voice, 3:1 between ground and second.
const INKS: [(&str, &str, &str); 8] = [
    ("#e4dccb", "#1b1a1e", "#2b46b0"),
    ("#23264a", "#ece8de", "#e0815f"),
    ("#2f4a3f", "#f0e6d2", "#d9b44a"),
    ("#7a2f22", "#f7e9dc", "#f0b59a"),
    ("#c9d3e6", "#22305e", "#9c3d22"),
    ("#3a2f45", "#e8dff0", "#b7a4e0"),
    ("#dfe3d0", "#26402f", "#a4482a"),
    ("#efd9b4", "#3a241a", "#8c3b4a"),
];

/// A cover for what has none, drawn from its address (a work always wears the same one) with its
/// title set upon it. Decorative: it says nothing that the words beside it do not.
pub fn cover(of: &str, title: &str, credit: &str) -> String {
    let hand = Hand::of(of);
    let (ground, first, _) = hand.inks();
    let mut svg = String::with_capacity(1_000);
    let _ = write!(
        svg,
        "<svg class=\"cover drawn\" viewBox=\"0 0 300 300\" width=\"600\" height=\"600\" aria-hidden=\"true\">\
         <rect width=\"300\" height=\"300\" fill=\"{ground}\"/>",
    );
    hand.draw(&mut svg, true);
    let (size, lines) = set(title);
    let mut y = 20 + size;
    for line in &lines {
        let line = askama::filters::escape(line, askama::filters::Html);
        let line = line.map(|line| line.to_string()).unwrap_or_default();
        let _ = write!(
            svg,
            "<text class=\"drawn-title\" x=\"22\" y=\"{y}\" font-size=\"{size}\" fill=\"{first}\">{line}</text>"
        );
        y += size + size / 8;
    }
    let credit = askama::filters::escape(super::shorten(credit, 34), askama::filters::Html);
    let credit = credit.map(|credit| credit.to_string()).unwrap_or_default();
    let _ = write!(
        svg,
        "<text class=\"drawn-credit\" x=\"22\" y=\"{}\" font-size=\"14\" fill=\"{first}\">{credit}</text></svg>",
        y + 4 - size / 3,
    );
    svg
}

/// The same cover without words, as a picture of its own: where it is shown small.
pub fn sleeve(of: &str) -> String {
    let hand = Hand::of(of);
    let mut svg = String::with_capacity(600);
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 300 300\" width=\"600\" height=\"600\">\
         <rect width=\"300\" height=\"300\" fill=\"{}\"/>",
        hand.inks().0
    );
    hand.draw(&mut svg, false);
    svg.push_str("</svg>");
    svg
}

/// What draws a cover: the digest of an address, in halves of bytes.
struct Hand(String);

impl Hand {
    fn of(address: &str) -> Self {
        Hand(Sha256Digest::of(address.as_bytes()).hex())
    }

    fn nibble(&self, at: usize) -> u32 {
        let letter = self.0.as_bytes().get(at).copied().unwrap_or(b'0');
        char::from(letter).to_digit(16).unwrap_or(0)
    }

    fn inks(&self) -> (&'static str, &'static str, &'static str) {
        INKS[self.nibble(0) as usize % INKS.len()]
    }

    /// Two half discs that answer each other, one a little later than the other; below the words
    /// where there are some.
    fn draw(&self, svg: &mut String, with_words: bool) {
        let (_, first, second) = self.inks();
        let most = if with_words { 52 } else { 84 };
        let radius = most + self.nibble(2);
        let other = most + self.nibble(3);
        let gap = 3 + self.nibble(6) / 3;
        let middle = if with_words {
            170 + 5 * self.nibble(1)
        } else {
            138 + self.nibble(1)
        };
        let low = if with_words { 292 } else { 250 };
        let later = 14 + 2 * self.nibble(4);
        let (up, down) = if self.nibble(7).is_multiple_of(2) {
            (low - later - radius, low - other)
        } else {
            (low - radius, low - later - other)
        };
        let (left, right) = (middle - gap, middle + gap);
        let _ = write!(
            svg,
            "<path fill=\"{first}\" d=\"M{left} {}a{radius} {radius} 0 0 0 0 {}z\"/>\
             <path fill=\"{second}\" d=\"M{right} {}a{other} {other} 0 0 1 0 {}z\"/>",
            up - radius,
            radius * 2,
            down - other,
            other * 2,
        );
    }
}

/// A title in lines that fit a cover, and the size of its letters; what does not fit is cut.
fn set(title: &str) -> (u32, Vec<String>) {
    let title = title.trim();
    let longest = title.split_whitespace().map(|word| word.chars().count());
    let longest = longest.max().unwrap_or(0);
    let length = title.chars().count();
    // Size of the letters, letters in a line, lines.
    let (size, width, most) = match (length, longest) {
        (..=26, ..=12) => (40, 13, 3),
        (..=54, ..=17) => (30, 18, 3),
        _ => (23, 24, 4),
    };
    let mut lines: Vec<String> = Vec::new();
    for word in title.split_whitespace() {
        let word = super::shorten(word, width);
        let fits = |line: &String| line.chars().count() + 1 + word.chars().count() <= width;
        match lines.last_mut().filter(|line| fits(line)) {
            Some(line) => {
                line.push(' ');
                line.push_str(&word);
            }
            None => lines.push(word),
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    (size, lines)
}

/// A text as a picture a camera reads (ISO/IEC 18004), dark on light whatever the page is, with the
/// quiet margin of four modules. Decorative beside the same text in letters. Nothing for a text too
/// long for any such picture.
pub fn qr(text: impl AsRef<str>) -> String {
    let Ok(code) = qrcode::QrCode::new(text.as_ref().as_bytes()) else {
        return String::new();
    };
    let width = code.width();
    let whole = width + 8;
    let mut path = String::with_capacity(width * width * 4);
    for (at, colour) in code.to_colors().into_iter().enumerate() {
        if colour == qrcode::Color::Dark {
            let _ = write!(path, "M{} {}h1v1h-1z", at % width + 4, at / width + 4);
        }
    }
    format!(
        "<svg class=\"qr\" viewBox=\"0 0 {whole} {whole}\" aria-hidden=\"true\">\
         <rect width=\"{whole}\" height=\"{whole}\" fill=\"#ffffff\"/>\
         <path fill=\"#000000\" shape-rendering=\"crispEdges\" d=\"{path}\"/></svg>"
    )
}

/// Columns side by side, each with its figure above and its label below; a gap where there is
/// nothing to tell. Decorative beside the table that says the same.
pub fn columns(values: &[(String, Option<i64>)], written: impl Fn(i64) -> String) -> String {
    const WIDTH: usize = 720;
    const HEIGHT: i64 = 160;
    let most = values.iter().filter_map(|(_, value)| *value).max();
    let most = most.unwrap_or(0).max(1);
    let step = WIDTH / values.len().max(1);
    let mut svg =
        format!("<svg class=\"columns\" viewBox=\"0 0 {WIDTH} 216\" aria-hidden=\"true\">");
    for (at, (label, value)) in values.iter().enumerate() {
        let middle = at * step + step / 2;
        if let Some(value) = value {
            let high = (i128::from(*value) * i128::from(HEIGHT) / i128::from(most)).max(1);
            let _ = write!(
                svg,
                "<rect class=\"bar-here\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{high}\"/>\
                 <text text-anchor=\"middle\" x=\"{middle}\" y=\"{}\">{}</text>",
                at * step + step / 8,
                184 - high,
                step * 3 / 4,
                176 - high,
                written(*value),
            );
        }
        let _ = write!(
            svg,
            "<text class=\"dim\" text-anchor=\"middle\" x=\"{middle}\" y=\"206\">{label}</text>"
        );
    }
    let _ = write!(svg, "<path class=\"thread\" d=\"M0 184.5h{WIDTH}\"/></svg>");
    svg
}

/// How long a bar is, in thousandths of the longest.
pub fn part(value: impl Given<i64>, of: impl Given<i64>) -> i64 {
    let (value, of) = (i128::from(value.given()), i128::from(of.given()));
    if of <= 0 {
        return 0;
    }
    i64::try_from((value * 1000 / of).clamp(0, 1000)).unwrap_or(0)
}

/// The class of a bar: here speaks in ink, elsewhere in the accent. The words beside it say the
/// same.
pub fn bar_class(here: impl Given<bool>) -> &'static str {
    if here.given() {
        "bar-here"
    } else {
        "bar-elsewhere"
    }
}

/// A colour somebody else gave, if it is one (`#rrggbb`); the ink of the house otherwise.
pub fn colour(text: &str) -> &str {
    let is_one = text.len() == 7
        && text.starts_with('#')
        && text[1..].bytes().all(|b| b.is_ascii_hexdigit());
    if is_one { text } else { "#2b46b0" }
}

/// The class of what stands on a colour: light letters where it is deep, dark ones where it is pale,
/// whichever is further from it in luminance (WCAG 2.2, relative luminance), so at least 4.5:1.
pub fn letters_on(text: &str) -> &'static str {
    let number = u32::from_str_radix(&colour(text)[1..], 16).unwrap_or(0);
    let part = |shift: u32| {
        let part = f64::from((number >> shift) & 0xff) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    let luminance = 0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0);
    if luminance < 0.179 {
        "on-deep"
    } else {
        "on-pale"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_work_always_wears_the_same_cover_and_another_work_another() {
        let cover = |of: &str| cover(of, "Crue d’avril", "Ondine Furan");
        let one = cover("https://loire.example/works/1");
        assert_eq!(one, cover("https://loire.example/works/1"));
        assert_ne!(one, cover("https://loire.example/works/2"));
    }

    #[test]
    fn a_title_is_set_in_lines_that_fit_and_as_text() {
        assert_eq!(set("Fourme"), (40, vec!["Fourme".to_owned()]));
        let (size, lines) = set("Sous le boulevard, la rivière");
        assert_eq!((size, lines.len()), (30, 2));
        for long in ["mot ".repeat(80), "m".repeat(400), "\u{202e}".repeat(90)] {
            let (_, lines) = set(&long);
            assert!(lines.len() <= 4, "{lines:?}");
            assert!(
                lines.iter().all(|line| line.chars().count() <= 26),
                "{lines:?}"
            );
        }
        let drawn = cover("x", "<script>alert(1)</script>", "\"&\"");
        assert!(!drawn.contains("<script"), "{drawn}");
    }

    #[test]
    fn letters_are_light_on_a_deep_colour_and_dark_on_a_pale_one() {
        for (colour, class) in [
            ("#2f5d62", "on-deep"),
            ("#000000", "on-deep"),
            ("#ffff00", "on-pale"),
            ("#ffffff", "on-pale"),
            ("no colour", "on-deep"),
        ] {
            assert_eq!(letters_on(colour), class, "{colour}");
        }
    }

    #[test]
    fn a_colour_from_outside_is_a_colour_or_nothing() {
        assert_eq!(colour("#A1b2c3"), "#A1b2c3");
        for bad in ["red", "#12345", "#12345\"", "#é1234", "url(x)"] {
            assert_eq!(colour(bad), "#2b46b0", "{bad}");
        }
    }
}
