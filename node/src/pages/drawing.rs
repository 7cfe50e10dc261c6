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

/// A cover for what has none: two half discs that answer each other, placed and coloured by the
/// digest of its address, so that a work always wears the same one. Decorative: it says nothing
/// that the title beside it does not.
pub fn cover(of: &str) -> String {
    // Pairs of a ground and two voices; each pair keeps 3:1 between ground and voices.
    const INKS: [(&str, &str, &str); 6] = [
        ("#e4dccb", "#1b1a1e", "#2b46b0"),
        ("#23264a", "#ece8de", "#e0815f"),
        ("#2f4a3f", "#f0e6d2", "#d9b44a"),
        ("#7a2f22", "#f7e9dc", "#f0b59a"),
        ("#c9d3e6", "#22305e", "#9c3d22"),
        ("#3a2f45", "#e8dff0", "#b7a4e0"),
    ];
    let digest = Sha256Digest::of(of.as_bytes()).hex();
    let nibble = |at: usize| {
        digest
            .as_bytes()
            .get(at)
            .and_then(|c| char::from(*c).to_digit(16))
            .unwrap_or(0)
    };
    let (ground, first, second) = INKS[(nibble(0) as usize * 16 + nibble(1) as usize) % INKS.len()];
    let radius = 60 + nibble(2) * 3;
    let other = 60 + nibble(3) * 3;
    let high = 60 + nibble(4) * 6;
    let low = 110 + nibble(5) * 5;
    let gap = 6 + nibble(6);
    let turn = (nibble(7) % 4) * 90;
    let (left, right) = (150 - gap, 150 + gap);
    let mut svg = String::with_capacity(600);
    let _ = write!(
        svg,
        "<svg class=\"cover\" viewBox=\"0 0 300 300\" aria-hidden=\"true\">\
         <rect width=\"300\" height=\"300\" fill=\"{ground}\"/>\
         <g transform=\"rotate({turn} 150 150)\">\
         <path fill=\"{first}\" d=\"M{left} {high}a{radius} {radius} 0 0 0 0 {}z\"/>\
         <path fill=\"{second}\" d=\"M{right} {low}a{other} {other} 0 0 1 0 {}z\"/></g></svg>",
        radius * 2,
        other * 2,
    );
    svg
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_work_always_wears_the_same_cover_and_another_work_another() {
        let one = cover("https://loire.example/works/1");
        assert_eq!(one, cover("https://loire.example/works/1"));
        assert_ne!(one, cover("https://loire.example/works/2"));
    }

    #[test]
    fn a_colour_from_outside_is_a_colour_or_nothing() {
        assert_eq!(colour("#A1b2c3"), "#A1b2c3");
        for bad in ["red", "#12345", "#12345\"", "#é1234", "url(x)"] {
            assert_eq!(colour(bad), "#2b46b0", "{bad}");
        }
    }
}
