//! A PostgreSQL cluster of the tests' own, begun with the first node that asks for a database and
//! ended with the process: a watcher holds the other end of a pipe, and when this process is gone,
//! however it went, it stops the cluster and clears the folder.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use node::db::Db;

struct Cluster {
    folder: PathBuf,
    /// Kept so that the pipe stays open as long as this process lives.
    _watcher: Mutex<Child>,
}

/// A new database with the tables in it; its address.
pub fn fresh_database() -> String {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let cluster = CLUSTER.get_or_init(Cluster::start);
    let name = format!("node_{}", NUMBER.fetch_add(1, Ordering::SeqCst));
    cluster.say(&format!("CREATE DATABASE {name} TEMPLATE ground"));
    cluster.address(&name)
}

impl Cluster {
    fn start() -> Self {
        let bin = binaries();
        let folder = tempfile::Builder::new()
            .prefix("antiphon-pg-")
            .tempdir()
            .unwrap()
            .keep();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        let owner = owner();
        if let Some((user, group)) = owner {
            std::os::unix::fs::chown(&folder, Some(user), Some(group)).unwrap();
        }
        let data = folder.join("data");
        // PostgreSQL does not run as root.
        let run = |program: &str| {
            let mut command = Command::new(bin.join(program));
            command.current_dir(&folder).stdin(Stdio::null());
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command
        };
        finish(
            run("initdb")
                .args(["--username=antiphon", "--auth=trust", "--no-sync"])
                .args(["--locale=C", "--encoding=UTF8", "--pgdata"])
                .arg(&data)
                .stdout(Stdio::null()),
        );
        let settings = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c max_connections=500 \
             -c fsync=off -c synchronous_commit=off -c full_page_writes=off",
            folder.display()
        );
        let mut start = run("pg_ctl");
        start.args(["start", "-w", "-s", "-o", &settings, "-l"]);
        start.arg(folder.join("log")).arg("-D").arg(&data);
        finish(start.stdout(Stdio::null()));

        let mut watcher = Command::new("sh");
        watcher
            .args([
                "-c",
                "read -r _; \"$1/pg_ctl\" stop -s -m immediate -D \"$2/data\"; rm -rf \"$2\"",
                "sh",
            ])
            .arg(&bin)
            .arg(&folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .process_group(0);
        if let Some((user, group)) = owner {
            watcher.uid(user).gid(group);
        }
        let cluster = Cluster {
            folder,
            _watcher: Mutex::new(watcher.spawn().unwrap()),
        };
        cluster.say("CREATE DATABASE ground");
        drop(Db::open(&cluster.address("ground")).unwrap());
        cluster.say(
            "ALTER DATABASE ground ALLOW_CONNECTIONS false; \
             SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = 'ground'",
        );
        cluster
    }

    fn address(&self, database: &str) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://antiphon@{folder}/{database}")
    }

    fn say(&self, sentences: &str) {
        let mut conn = PgConnection::establish(&self.address("postgres")).unwrap();
        for sentence in sentences.split(';') {
            conn.batch_execute(sentence).unwrap();
        }
    }
}

fn finish(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// Where the newest PostgreSQL's programs are.
fn binaries() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    match found.pop() {
        Some((_, bin)) => bin,
        None => std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .find(|bin| bin.join("initdb").exists())
            .expect("PostgreSQL is not installed: no initdb in /usr/lib/postgresql or PATH"),
    }
}

/// Who the cluster runs as, when we are root: user and group `postgres`.
fn owner() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> u32 {
        let output = Command::new("id").args(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim().parse().unwrap()
    };
    (id(&["-u"]) == 0).then(|| (id(&["-u", "postgres"]), id(&["-g", "postgres"])))
}
