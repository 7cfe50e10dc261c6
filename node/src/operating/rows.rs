//! The database counts its rows, now and then: its plans are made by those counts.

use std::time::Duration;

use tokio::sync::watch;

use crate::errands::{self, Errand, Rest};
use crate::web::App;

/// How long between two counts.
const EVERY: Duration = Duration::from_secs(3600);

/// Counts until `left` says that the house is being left.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    loop {
        app.errands.begin(Errand::Rows, app.clock.now_us());
        if let Err(error) = app.db.count_rows().await {
            tracing::warn!(%error, "the database's rows could not be counted");
            app.errands.failed(Errand::Rows, app.clock.now_us(), &error);
        }
        if errands::rest(&app, Errand::Rows, EVERY, &mut left).await == Rest::Left {
            return;
        }
    }
}
