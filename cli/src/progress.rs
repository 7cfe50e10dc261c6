//! What is going on, for whoever waits: a bar on a terminal, a plain line where there is none.

use std::borrow::Cow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// One step of some work, told on standard error.
pub struct Step {
    bar: ProgressBar,
}

impl Step {
    /// A step of `total` equal parts, with rate and time left.
    pub fn counted(what: impl Into<Cow<'static, str>>, total: u64) -> Self {
        let style = ProgressStyle::with_template(
            "  {msg:<38.38!} {bar:28} {human_pos}/{human_len} · {per_sec} · {eta} left",
        );
        Self::begin(ProgressBar::new(total), style, what)
    }

    /// A step of so many bytes, with rate and time left; how many is told by [`Step::of`].
    pub fn bytes(what: impl Into<Cow<'static, str>>) -> Self {
        let style = ProgressStyle::with_template(
            "  {msg:<38.38!} {bar:28} {bytes}/{total_bytes} · {bytes_per_sec} · {eta} left",
        );
        Self::begin(ProgressBar::new(0), style, what)
    }

    /// A step that takes as long as it takes.
    pub fn open(what: impl Into<Cow<'static, str>>) -> Self {
        let style = ProgressStyle::with_template("{spinner} {msg}");
        Self::begin(ProgressBar::new_spinner(), style, what)
    }

    fn begin(
        bar: ProgressBar,
        style: Result<ProgressStyle, indicatif::style::TemplateError>,
        what: impl Into<Cow<'static, str>>,
    ) -> Self {
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(12));
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        Step { bar }
    }

    /// One part more is done.
    pub fn advance(&self) {
        self.bar.inc(1);
    }

    /// So many parts are done.
    pub fn at(&self, parts: u64) {
        self.bar.set_position(parts);
    }

    /// There are this many parts after all.
    pub fn of(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// What is being done just now.
    pub fn say(&self, what: impl Into<Cow<'static, str>>) {
        self.bar.set_message(what);
    }

    /// A line above the bar, or a plain one.
    pub fn tell(&self, line: &str) {
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.println(line);
        }
    }

    /// The step is done: one line says what came of it.
    pub fn done(self, line: impl AsRef<str>) {
        self.bar.finish_and_clear();
        eprintln!("✓ {}", line.as_ref());
    }

    /// The step is done and there is nothing to say of it.
    pub fn clear(self) {
        self.bar.finish_and_clear();
    }
}
