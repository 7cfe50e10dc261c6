//! Nodes as they are outside development: over https, by their names, under an authority of their
//! network's own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::serve::Listener;
use node::config::{Coordinator, base_url};
use node::peers::{self, Following, Outside, To, fetch};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{known, say, settle, words};
use crate::month::{Network, answers};
use crate::world::{Host, World};

/// Who says whose key a host's is.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Authority {
            pem: params.self_signed(&key).unwrap().pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Answers TLS for this host with a certificate by this authority.
    fn acceptor(&self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A socket behind TLS.
struct Secure {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Secure {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let Ok((tcp, from)) = self.tcp.accept().await else {
                continue;
            };
            // Who breaks off the handshake, as one who does not trust us does, is nobody's loss.
            if let Ok(tls) = self.acceptor.accept(tcp).await {
                return (tls, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// Nodes by their names, each with a certificate by the authority beside it; all of them trust
/// the first one's authority. The first settles for the others.
async fn network(world: &World, nodes: &[(&str, &str, &Authority)]) -> Vec<Host> {
    let roots = world.folder().join("authority.pem");
    std::fs::write(&roots, &nodes[0].2.pem).unwrap();
    let mut sockets = Vec::new();
    for (host, _, authority) in nodes {
        let tcp = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let acceptor = authority.acceptor(host);
        sockets.push(Secure { tcp, acceptor });
    }
    let names: Vec<(String, SocketAddr)> = nodes
        .iter()
        .zip(&sockets)
        .map(|((host, ..), socket)| (host.to_string(), socket.local_addr().unwrap()))
        .collect();
    let mut hosts: Vec<Host> = Vec::new();
    for ((host, territory, _), socket) in nodes.iter().zip(sockets) {
        let listen = socket.local_addr().unwrap();
        let mut config = world.settings(host, territory, listen);
        config.domain = host.to_string();
        config.dev = false;
        config.extra_roots = Some(roots.clone());
        if let Some(first) = hosts.first() {
            config.coordinator = Coordinator::At(base_url(&first.base(), false).unwrap());
        }
        let mut node = world.open(config).await;
        node.outside = Outside::to_these(names.clone());
        let host = Host::of(node);
        host.answer(socket);
        hosts.push(host);
    }
    hosts
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_follow_speak_and_fetch_over_https() {
    let world = World::new();
    let authority = Authority::new("the network's own");
    let nodes = [
        ("loire.test", "FR-ARA", &authority),
        ("wallonie.test", "BE-WAL", &authority),
    ];
    let hosts = network(&world, &nodes).await;
    let [loire, wallonie] = &hosts[..] else {
        panic!("two nodes")
    };
    assert_eq!(loire.base(), "https://loire.test");
    let found = peers::add(&wallonie.app, "loire.test").await.unwrap();
    assert_eq!(found.actor_id.as_str(), "https://loire.test/actor");
    settle(&[loire, wallonie]).await;
    for (here, there) in [(loire, wallonie), (wallonie, loire)] {
        let peer = known(here, there).await.unwrap();
        assert_eq!((peer.following, peer.follower), (Following::Yes, true));
    }
    say(loire, "bonjour", To::Followers, false).await;
    say(wallonie, "merci", To::Peer(loire.base()), true).await;
    settle(&[loire, wallonie]).await;
    assert_eq!(words(wallonie, loire).await, ["bonjour"]);
    assert_eq!(words(loire, wallonie).await, ["merci"]);
    let actor = fetch::object(&wallonie.app, "https://loire.test/actor", 100_000);
    assert_eq!(actor.await.unwrap()["name"], "loire.test");

    let plain = fetch::json(&wallonie.app, "http://loire.test/actor", 100_000).await;
    let plain = plain.unwrap_err().to_string();
    assert!(plain.contains("http is for development only"), "{plain}");
    let plain = peers::add(&wallonie.app, "http://loire.test").await;
    assert!(plain.unwrap_err().to_string().contains("https"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_reported_settled_and_countersigned_over_https() {
    let world = World::new();
    world.turn_to("2026-10-01T08:00:00Z");
    let authority = Authority::new("the network's own");
    let nodes = [
        ("coordination.test", "FR", &authority),
        ("loire.test", "FR-ARA", &authority),
        ("wallonie.test", "BE-WAL", &authority),
    ];
    let mut hosts = network(&world, &nodes).await.into_iter();
    let mut next = || hosts.next().unwrap();
    let (coordination, loire, wallonie) = (next(), next(), next());
    let network = Network::among(world, coordination, loire, wallonie).await;
    network.listen().await;
    network.report(&network.loire).await;
    network.report(&network.wallonie).await;
    let settled = network.settle().unwrap();
    assert!(settled.id.starts_with("https://coordination.test/"));
    network.errands().await;
    assert_eq!(answers(&network, &settled.id), [true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_authority_is_refused() {
    let world = World::new();
    let (ours, other) = (Authority::new("ours"), Authority::new("another"));
    let nodes = [
        ("loire.test", "FR-ARA", &ours),
        ("wallonie.test", "BE-WAL", &other),
    ];
    let hosts = network(&world, &nodes).await;
    let refused = peers::add(&hosts[0].app, "wallonie.test").await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");
    // The other way round all is well: the fault is the certificate's and nothing else's.
    let found = peers::add(&hosts[1].app, "loire.test").await.unwrap();
    assert_eq!(found.name, "loire.test");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_host_is_refused() {
    let world = World::new();
    let authority = Authority::new("ours");
    let hosts = network(&world, &[("loire.test", "FR-ARA", &authority)]).await;
    // Whoever answers at this name shows a certificate for the other.
    let config = world.settings("wallonie", "BE-WAL", hosts[0].config.listen);
    let mut node = world
        .open(node::config::Config {
            domain: "wallonie.test".into(),
            dev: false,
            extra_roots: hosts[0].config.extra_roots.clone(),
            ..config
        })
        .await;
    node.outside = Outside::to_these([("bourgogne.test".to_owned(), hosts[0].config.listen)]);
    let host = Host::of(node);
    let refused = peers::add(&host.app, "bourgogne.test").await.unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn roots_that_are_none_are_named() {
    let world = World::new();
    let listen = SocketAddr::from(([127, 0, 0, 1], 9));
    for (text, wanted) in [(None, "No such file"), (Some("not PEM"), "no certificate")] {
        let name = if text.is_some() { "one" } else { "other" };
        let mut config = world.settings(name, "FR", listen);
        let path = config.dir.join("roots.pem");
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        config.extra_roots = Some(Path::to_path_buf(&path));
        let node = node::share(world.open(config).await);
        let refused = fetch::json(&node, "http://localhost:9/actor", 100).await;
        let refused = refused.unwrap_err().to_string();
        assert!(
            refused.contains("roots.pem") && refused.contains(wanted),
            "{refused}"
        );
    }
}
