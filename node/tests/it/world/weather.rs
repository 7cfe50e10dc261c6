//! The weather between nodes: a network that loses requests and answers, doubles them, cuts them
//! short, and brings some late and out of order, as its dice have it. A **road** is a socket in
//! front of a node: what comes there goes on to the node, byte by byte, if the weather lets it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One weather for all roads of a world.
#[derive(Clone)]
pub struct Weather(Arc<Mutex<Sky>>);

struct Sky {
    dice: StdRng,
    is_bad: bool,
    /// Requests that are still on their way: whoever sent them has long given up waiting.
    late: Vec<(SocketAddr, Vec<u8>)>,
    fates: usize,
}

/// What becomes of a request.
#[derive(Clone, Copy)]
enum Fate {
    Arrives,
    /// It never arrives.
    Lost,
    /// It arrives, and the answer does not.
    Unanswered,
    /// It arrives, and half of the answer does.
    CutShort,
    /// It arrives twice; the second answer is the one that comes back.
    Doubled,
    /// It arrives now, and once more some other time.
    Echoed,
    /// It arrives some other time.
    Late,
}

impl Weather {
    /// Fine weather, with dice that fall as this seed has it.
    pub fn new(seed: u64) -> Self {
        Weather(Arc::new(Mutex::new(Sky {
            dice: StdRng::seed_from_u64(seed),
            is_bad: false,
            late: Vec::new(),
            fates: 0,
        })))
    }

    /// Other dice.
    pub fn seed(&self, seed: u64) {
        self.0.lock().unwrap().dice = StdRng::seed_from_u64(seed);
    }

    /// Makes it bad, or fine.
    pub fn turn(&self, bad: bool) {
        self.0.lock().unwrap().is_bad = bad;
    }

    /// Whether it is bad.
    pub fn is_bad(&self) -> bool {
        self.0.lock().unwrap().is_bad
    }

    /// How many requests did not simply arrive and were not simply answered.
    pub fn mishaps(&self) -> usize {
        self.0.lock().unwrap().fates
    }

    /// A throw of the dice.
    pub fn throw(&self, sides: std::ops::Range<i64>) -> i64 {
        self.0.lock().unwrap().dice.gen_range(sides)
    }

    /// Brings some of what is late, in whatever order; all of it when the weather is fine.
    pub async fn bring_late(&self) {
        let some = {
            let mut sky = self.0.lock().unwrap();
            let Sky {
                dice, late, is_bad, ..
            } = &mut *sky;
            late.shuffle(dice);
            let many = match is_bad {
                true => dice.gen_range(0..=late.len()),
                false => late.len(),
            };
            late.drain(..many).collect::<Vec<_>>()
        };
        for (to, request) in some {
            let _ = ask(to, &request).await;
        }
    }

    /// A road to whoever listens at `to`.
    pub fn road(&self, listener: TcpListener, to: SocketAddr) {
        let weather = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(weather.clone().carry(stream, to));
            }
        });
    }

    async fn carry(self, mut stream: TcpStream, to: SocketAddr) {
        let Some(request) = request(&mut stream).await else {
            return;
        };
        let fate = self.fate();
        let answer = match fate {
            Fate::Lost => None,
            Fate::Late => {
                self.0.lock().unwrap().late.push((to, request));
                None
            }
            Fate::Doubled => {
                let _ = ask(to, &request).await;
                ask(to, &request).await
            }
            Fate::Echoed => {
                let answer = ask(to, &request).await;
                self.0.lock().unwrap().late.push((to, request));
                answer
            }
            Fate::Arrives | Fate::Unanswered | Fate::CutShort => ask(to, &request).await,
        };
        let Some(mut answer) = answer else { return };
        match fate {
            Fate::Unanswered => return,
            Fate::CutShort => answer.truncate(answer.len() / 2),
            _ => {}
        }
        let _ = stream.write_all(&answer).await;
        let _ = stream.shutdown().await;
    }

    fn fate(&self) -> Fate {
        let mut sky = self.0.lock().unwrap();
        if !sky.is_bad {
            return Fate::Arrives;
        }
        let fate = match sky.dice.gen_range(0..20) {
            0 | 1 => Fate::Lost,
            2 | 3 => Fate::Unanswered,
            4 => Fate::CutShort,
            5 => Fate::Doubled,
            6 => Fate::Echoed,
            7 | 8 => Fate::Late,
            _ => return Fate::Arrives,
        };
        sky.fates += 1;
        fate
    }
}

/// Reads one request, and has its connection closed after it.
async fn request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let length = String::from_utf8_lossy(&bytes[..head])
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    while bytes.len() < head + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let first_line = bytes.iter().position(|byte| *byte == b'\n')? + 1;
    bytes.splice(first_line..first_line, *b"connection: close\r\n");
    Some(bytes)
}

/// Carries a request to its end and brings the answer; none when nobody answers.
async fn ask(to: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(to).await.ok()?;
    stream.write_all(request).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    (!answer.is_empty()).then_some(answer)
}
