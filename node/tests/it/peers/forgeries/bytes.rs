//! Bytes that no honest client would send.

use super::*;

/// Writes bytes to the door as they are and reads the status line.
async fn raw(door: &Door, bytes: &[u8]) -> String {
    let address = door.loire.config.listen;
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut answer = [0; 15];
    let read = socket.read(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_no_client_would_send_are_refused() {
    let door = Door::new().await;
    let letter = door.cavage(OLD, "algorithm=\"rsa-sha256\",");
    let body = String::from_utf8(letter.body.clone()).unwrap();
    let line = |name: &str| letter.headers[name].to_str().unwrap().to_owned();
    let request = |signature: &str, more: &str| {
        format!(
            "POST /inbox HTTP/1.1\r\nHost: {}\r\nDate: {}\r\nDigest: {}\r\nContent-Type: {ACTIVITY_JSON}\r\n{signature}{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            line("host"),
            line("date"),
            line("digest"),
            body.len(),
        )
    };
    let honest = format!("Signature: {}\r\n", line("signature"));
    // Folded, as HTTP/1.0 allowed; with bytes beyond ASCII; with a null byte.
    let folded = honest.replace(",headers", ",\r\n headers");
    for (bytes, what) in [
        (request(&folded, "").into_bytes(), "folded"),
        (
            request(&honest.replace("keyId=\"", "keyId=\"\u{e9}"), "").into_bytes(),
            "obs-text",
        ),
        (
            request(&honest.replace("keyId=\"", "keyId=\"\0"), "").into_bytes(),
            "null byte",
        ),
        (
            request(&honest, &format!("Content-Length: {}\r\n", body.len() + 1)).into_bytes(),
            "two lengths",
        ),
        (
            request(&honest, "Host: elsewhere.example\r\n").into_bytes(),
            "two hosts",
        ),
        (
            request(&honest, &format!("Padding: {}\r\n", "x".repeat(1 << 20))).into_bytes(),
            "a huge header",
        ),
    ] {
        let answer = raw(&door, &bytes).await;
        assert!(!answer.contains(" 2"), "{what}: {answer}");
    }
    let answer = raw(&door, request(&honest, "").as_bytes()).await;
    assert!(answer.contains(" 202"), "the honest one: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_is_cut_off() {
    let door = Door::new().await;
    let head = format!(
        "POST /inbox HTTP/1.1\r\nHost: {}\r\nContent-Type: {ACTIVITY_JSON}\r\nTransfer-Encoding: chunked\r\n\r\n",
        door.loire.config.domain
    );
    let mut bytes = head.into_bytes();
    for _ in 0..140 {
        bytes.extend_from_slice(b"4000\r\n");
        bytes.extend_from_slice(&[b'['; 0x4000]);
        bytes.extend_from_slice(b"\r\n");
    }
    // No last chunk: the node answers without waiting for an end that never comes.
    let answer = raw(&door, &bytes).await;
    assert!(answer.contains(" 413"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packed_body_is_not_unpacked() {
    let door = Door::new().await;
    // gzip of a few bytes; what matters is that nothing here unpacks.
    let packed = "\u{1f}".to_owned();
    let mut headers = door.plain(&packed);
    put(&mut headers, "content-encoding", "gzip");
    let key = (&door.stranger.rsa).into();
    let letter = door.cavage_over(OLD, "", packed, headers, &key);
    door.refuses(&letter, "gzip").await;
}
