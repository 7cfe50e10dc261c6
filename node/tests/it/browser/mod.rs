//! The pages as people meet them: a real browser (Debian's Chromium, through its driver) on real
//! nodes, with real sounds. What a page does is waited for inside of the page, by what happens there.
//!
//! ```ignore
//! let browser = Browser::open().await;
//! browser.go(&loire, "/").await;
//! browser.click("#player [data-part=next]").await;
//! browser.until("document.querySelector('h1')?.textContent === 'Aube'").await;
//! browser.quit().await;
//! ```

mod composing;
mod controls;
mod installing;
mod keyboard;
mod playing;
mod uploading;

use std::os::unix::process::CommandExt;
use std::process::{self, Child, Stdio};
use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use thirtyfour::common::command::{Command, ExtensionCommand};
use thirtyfour::prelude::*;

use crate::world::{Host, PASSWORD};

/// How long anything on a page may take before the test says what was waited for, in milliseconds.
const PATIENCE: u64 = 60_000;

/// What the page said last to who cannot see it.
pub const SAID: &str = "document.getElementById('said').textContent";

/// A browser and the driver that moves it.
pub struct Browser {
    /// The driver's hand.
    pub driver: WebDriver,
    /// Where the driver is spoken to.
    address: String,
    process: Process,
    _profile: tempfile::TempDir,
}

/// The driver's process, and with it every browser it started: gone when this goes.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // The driver leads a group of its own: its browsers go with it.
        let group = format!("-{}", self.0.id());
        let _ = process::Command::new("kill")
            .args(["-KILL", "--", &group])
            .status();
        let _ = self.0.wait();
    }
}

impl Browser {
    /// A browser on a desk, 1280 by 900, that may sound without being asked twice.
    pub async fn open() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut command = process::Command::new("chromedriver");
        command
            .arg("--port=0")
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0);
        let mut child = command.spawn().expect("chromium-driver is installed");
        let port = port_of(&mut child);
        let process = Process(child);
        let mut wishes = DesiredCapabilities::chrome();
        for wish in [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-background-networking".to_owned(),
            "--autoplay-policy=no-user-gesture-required".to_owned(),
            "--lang=en".to_owned(),
            "--window-size=1280,900".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ] {
            wishes.add_arg(&wish).unwrap();
        }
        let address = format!("http://127.0.0.1:{port}");
        let driver = WebDriver::new(&address, wishes).await.unwrap();
        let patience = std::time::Duration::from_millis(PATIENCE);
        driver.set_script_timeout(patience * 2).await.unwrap();
        Browser {
            driver,
            address,
            process,
            _profile: profile,
        }
    }

    /// Has every page that comes run this before any script of its own.
    pub async fn beforehand(&self, script: &str) {
        let session = self.driver.handle().session_id();
        let wish = serde_json::json!({
            "cmd": "Page.addScriptToEvaluateOnNewDocument",
            "params": { "source": script },
        });
        let door = format!("{}/session/{session}/goog/cdp/execute", self.address);
        let asked = reqwest::Client::new().post(door).json(&wish).send().await;
        assert!(asked.unwrap().status().is_success());
    }

    /// Goes to a page of a node by its address, as from outside.
    pub async fn go(&self, host: &Host, path: &str) {
        self.driver
            .goto(format!("{}{path}", host.base()))
            .await
            .unwrap();
    }

    /// Signs in through the form.
    pub async fn sign_in(&self, host: &Host, name: &str) {
        self.go(host, "/sign-in").await;
        self.write("#name", name).await;
        self.write("#password", PASSWORD).await;
        self.press("#password", Key::Enter).await;
        self.arrived().await;
    }

    /// Waits until a page of somebody who is signed in is there as a whole, its script too.
    pub async fn arrived(&self) {
        self.until(
            "document.readyState === 'complete' && window.player && window.htmx \
             && document.querySelector('#player').dataset.member",
        )
        .await;
    }

    /// The first element that this selector names.
    pub async fn find(&self, selector: &str) -> WebElement {
        self.until(&format!("document.querySelector({selector:?})"))
            .await;
        self.driver.find(By::Css(selector)).await.unwrap()
    }

    /// Clicks it.
    pub async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        element.scroll_into_view().await.unwrap();
        element.click().await.unwrap();
    }

    /// Writes into it, key by key.
    pub async fn write(&self, selector: &str, text: &str) {
        self.find(selector).await.send_keys(text).await.unwrap();
    }

    /// Presses a key on it.
    pub async fn press(&self, selector: &str, key: Key) {
        self.find(selector).await.send_keys(key + "").await.unwrap();
    }

    /// Marks all that stands in a field, so that what is written next takes its place.
    pub async fn select_all(&self, selector: &str) {
        let field = self.find(selector).await;
        field.send_keys(Key::Control + "a").await.unwrap();
    }

    /// Presses keys where the focus is, as somebody without a mouse does.
    pub async fn keys(&self, keys: impl Into<TypingData>) {
        let keys: TypingData = keys.into();
        let chain = self.driver.action_chain().send_keys(keys);
        chain.perform().await.unwrap();
    }

    /// Goes on by the tab key until the focus is where this selector says; nobody presses it for ever.
    pub async fn tab_to(&self, selector: &str) {
        self.find(selector).await;
        let there = format!("document.activeElement?.matches({selector:?})");
        for _ in 0..150 {
            if self.ask(&there).await == Value::Bool(true) {
                return;
            }
            self.keys(Key::Tab + "").await;
        }
        panic!("the tab key does not lead to {selector}");
    }

    /// What an expression is worth in the page.
    pub async fn ask(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        let answer = self.driver.execute(script, Vec::new()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{expression}: {error}"));
        answer.json().clone()
    }

    /// The same as text.
    pub async fn text(&self, expression: &str) -> String {
        match self.ask(expression).await {
            Value::String(text) => text,
            other => panic!("{expression}: {other}"),
        }
    }

    /// Waits, in the page, until an expression is true; says what was waited for when it never is.
    pub async fn until(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0]; const deadline = Date.now() + {PATIENCE};\
             const look = () => {{ let yes = false; try {{ yes = {expression}; }} catch {{}}\
             if (yes) done(true); else if (Date.now() > deadline) done(false);\
             else setTimeout(look, 20); }}; look();"
        );
        loop {
            match self.driver.execute_async(script.clone(), Vec::new()).await {
                Ok(seen) if seen.json() == &Value::Bool(true) => return,
                Ok(_) => {
                    let page = self.driver.source().await.unwrap_or_default();
                    panic!("never: {expression}\n{page}");
                }
                // The page that was asked went away: its follower is asked.
                Err(error) if is_gone(&error) => {}
                Err(error) => panic!("{expression}: {error}"),
            }
        }
    }

    /// Plugs in a device that makes passkeys and says yes to whatever it is asked (WebAuthn §11).
    pub async fn authenticator(&self) {
        let device = Box::new(Authenticator);
        let plugged = self.driver.cmd(Command::ExtensionCommand(device)).await;
        plugged.unwrap();
    }

    /// Ends the browser and its driver.
    pub async fn quit(self) {
        let _ = self.driver.quit().await;
        drop(self.process);
    }
}

/// `POST /session/{id}/webauthn/authenticator`
#[derive(Debug)]
struct Authenticator;

impl ExtensionCommand for Authenticator {
    fn parameters_json(&self) -> Option<Value> {
        Some(json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
        }))
    }

    fn method(&self) -> Method {
        Method::POST
    }

    fn endpoint(&self) -> Arc<str> {
        "/webauthn/authenticator".into()
    }
}

fn is_gone(error: &WebDriverError) -> bool {
    let told = error.to_string();
    [
        "unloaded",
        "navigation",
        "frame",
        "execution context",
        "Inspected target",
        // A page that left while it was asked, which the driver does not always notice.
        "script timeout",
    ]
    .iter()
    .any(|word| told.contains(word))
}

/// Reads what the driver says until it named its port.
fn port_of(child: &mut Child) -> u16 {
    use std::io::{BufRead, BufReader, Read};
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim().trim_end_matches('.').parse().unwrap();
            // Nobody reads the rest, and nobody waits for a full pipe.
            std::thread::spawn(move || {
                let _ = lines.read_to_end(&mut Vec::new());
            });
            return port;
        }
        line.clear();
    }
    panic!("chromedriver ended before it named its port");
}
