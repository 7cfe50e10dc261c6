//! The doorway: connections come in here, so many at a time, and who does not come to the point is
//! shown out. A request's head and its body each have their time to arrive; the answer may take as
//! long as it likes, since sound is fetched no faster than it is heard, but not stand still.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::Request;
use axum::middleware::{self, Next};
use axum::serve::Listener;
use futures_util::{StreamExt as _, stream};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

/// How many come in at a time, and how long they may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most connections that are open at a time; the others wait to be let in.
    pub connections: u32,
    /// How long the head of a request may take, and how long a connection may be silent before
    /// the next one.
    pub head: Duration,
    /// How long the body of a request may take. A door may ask for less.
    pub body: Duration,
    /// How long somebody may take nothing of an answer that waits for them. A browser whose player
    /// is paused stops reading, and asks for the rest anew when it goes on.
    pub standstill: Duration,
    /// How long those who are being answered may take when the house is left.
    pub farewell: Duration,
}

impl Limits {
    /// A usual node's: half of the 1,024 files that a process may have open on most systems, and
    /// time enough for the largest body over a slow line.
    pub const USUAL: Limits = Limits {
        connections: 512,
        head: Duration::from_secs(20),
        body: Duration::from_secs(120),
        standstill: Duration::from_secs(300),
        farewell: Duration::from_secs(30),
    };
}

/// What a listener knows of where a connection comes from.
pub trait Street {
    /// The address, where there is one.
    fn address(&self) -> Option<IpAddr>;
}

impl Street for SocketAddr {
    fn address(&self) -> Option<IpAddr> {
        Some(self.ip())
    }
}

/// Where the connection of a request comes from: among what the request brings along
/// (`extensions`).
#[derive(Clone, Copy, Debug)]
pub struct Arrived(pub Option<IpAddr>);

/// The largest head of a request, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;

/// Answers whoever comes until `stop` is done; then finishes what is being answered, and returns.
pub async fn answer<L: Listener<Addr: Street>>(
    mut listener: L,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let router = router.layer(middleware::from_fn(move |request, next: Next| {
        next.run(in_time(request, limits.body))
    }));
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    let (leave, leaving) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, (io, from)) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
        };
        let mut io = TimeoutStream::new(io);
        io.set_write_timeout(Some(limits.standstill));
        let arrived = Arrived(from.address());
        let noted = move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(arrived);
            request
        };
        let service = ServiceExt::<Request<Incoming>>::map_request(router.clone(), noted);
        let service = TowerToHyperService::new(service);
        let mut leaving = leaving.clone();
        tokio::spawn(async move {
            let _place = place;
            let mut connection = pin!(
                http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(limits.head)
                    .max_buf_size(HEAD_LIMIT)
                    .serve_connection(TokioIo::new(Box::pin(io)), service)
            );
            tokio::select! {
                // Whoever hangs up, is too slow or speaks no HTTP is nobody's fault here.
                _ = connection.as_mut() => return,
                _ = leaving.wait_for(|leaving| *leaving) => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        });
    }
    drop(listener);
    let _ = leave.send(true);
    let _ = timeout(limits.farewell, places.acquire_many(limits.connections)).await;
}

/// The request, whose body breaks off when it does not arrive within this time.
fn in_time(request: Request<Body>, within: Duration) -> Request<Body> {
    let deadline = Instant::now() + within;
    request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        let parts = stream::unfold(Some(body.into_data_stream()), move |body| async move {
            let mut body = body?;
            match timeout_at(deadline, body.next()).await {
                Ok(Some(Ok(part))) => Some((Ok::<Bytes, axum::Error>(part), Some(body))),
                Ok(Some(Err(error))) => Some((Err(error), None)),
                Ok(None) => None,
                Err(_) => {
                    let slow = io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly");
                    Some((Err(axum::Error::new(slow)), None))
                }
            }
        });
        Body::from_stream(parts)
    })
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    /// A road without sockets, from which connections come.
    struct Road(mpsc::UnboundedReceiver<DuplexStream>);

    impl Street for () {
        fn address(&self) -> Option<IpAddr> {
            None
        }
    }

    impl Listener for Road {
        type Io = DuplexStream;
        type Addr = ();

        async fn accept(&mut self) -> (DuplexStream, ()) {
            match self.0.recv().await {
                Some(io) => (io, ()),
                None => std::future::pending().await,
            }
        }

        fn local_addr(&self) -> io::Result<()> {
            Ok(())
        }
    }

    struct House {
        door: mpsc::UnboundedSender<DuplexStream>,
        leave: oneshot::Sender<()>,
        served: tokio::task::JoinHandle<()>,
    }

    const LONG: Duration = Duration::from_secs(3600);
    const NO_TIME: Duration = Duration::from_millis(20);
    const PATIENT: Limits = Limits {
        connections: 8,
        head: LONG,
        body: LONG,
        standstill: LONG,
        farewell: LONG,
    };

    fn open(limits: Limits) -> House {
        let (door, street) = mpsc::unbounded_channel();
        let (leave, left) = oneshot::channel();
        let length = |body: Bytes| async move { body.len().to_string() };
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/long", get(|| async { "la ".repeat(1 << 20) }))
            .route("/length", post(length));
        let served = tokio::spawn(answer(Road(street), router, limits, async {
            let _ = left.await;
        }));
        House {
            door,
            leave,
            served,
        }
    }

    impl House {
        async fn says(&self, words: &str) -> DuplexStream {
            let (mut ours, theirs) = duplex(1 << 16);
            // Said before the door opens: how fast this machine is decides nothing.
            ours.write_all(words.as_bytes()).await.unwrap();
            self.door.send(theirs).unwrap();
            ours
        }
    }

    /// All that is answered until the house hangs up.
    async fn heard(mut io: DuplexStream) -> String {
        let mut text = String::new();
        io.read_to_string(&mut text).await.unwrap();
        text
    }

    const LAST: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn who_asks_is_answered_and_the_house_is_left_when_all_are_gone() {
        let house = open(PATIENT);
        let answer = heard(house.says(LAST).await).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"),
            "{answer}"
        );
        // Somebody who keeps the connection and asks nothing more keeps nobody here.
        let mut idle = house.says("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let mut beginning = [0; 12];
        idle.read_exact(&mut beginning).await.unwrap();
        house.leave.send(()).unwrap();
        house.served.await.unwrap();
    }

    #[tokio::test]
    async fn a_head_that_never_ends_is_not_waited_for() {
        let house = open(Limits {
            head: NO_TIME,
            ..PATIENT
        });
        for beginning in ["", "GET / HTTP/1.1\r\nhost: a\r\nx: "] {
            let answer = heard(house.says(beginning).await).await;
            assert!(!answer.contains("200"), "{answer}");
        }
        let answer = heard(house.says(LAST).await).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let house = open(Limits {
            body: NO_TIME,
            ..PATIENT
        });
        for body in [
            "content-length: 10\r\n\r\n12345",
            "transfer-encoding: chunked\r\n\r\n5\r\n12345\r\n",
        ] {
            let request =
                format!("POST /length HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{body}");
            let answer = heard(house.says(&request).await).await;
            let refused = StatusCode::BAD_REQUEST.as_str();
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {refused}")),
                "{answer}"
            );
        }
    }

    #[tokio::test]
    async fn an_answer_that_nobody_reads_holds_no_place() {
        let house = open(Limits {
            connections: 1,
            standstill: NO_TIME,
            ..PATIENT
        });
        let unread = house.says("GET /long HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let answer = heard(house.says(LAST).await).await;
        assert!(answer.ends_with("here"), "{answer}");
        drop(unread);
    }

    #[tokio::test]
    async fn a_head_without_end_is_cut_off() {
        let house = open(PATIENT);
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "y".repeat(HEAD_LIMIT));
        let (mut ours, theirs) = duplex(1 << 20);
        ours.write_all(request.as_bytes()).await.unwrap();
        house.door.send(theirs).unwrap();
        let answer = heard(ours).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }

    #[tokio::test]
    async fn more_than_may_come_in_wait_and_are_let_in_when_others_leave() {
        let house = open(Limits {
            connections: 2,
            ..PATIENT
        });
        let first = house.says("GET /").await;
        let second = house.says("GET /").await;
        let mut third = house.says(LAST).await;
        let mut byte = [0];
        let early = timeout(NO_TIME, third.read(&mut byte)).await;
        assert!(early.is_err(), "there is no place yet");
        drop(first);
        let answer = heard(third).await;
        assert!(answer.ends_with("here"), "{answer}");
        drop(second);
    }
}
