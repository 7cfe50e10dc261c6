//! What may be played where and when: the rights to a work as its origin holds them.
//!
//! A work's document carries them as `availability`, a list of windows; each node compares them
//! with its own territory and clock. A document without the word is available everywhere, always;
//! an empty list is available nowhere.

use serde_json::{Value, json};
use settlement::{Place, Territory};

use crate::vocabulary::Timestamp;

/// The most windows a work has.
const WINDOWS_LIMIT: usize = 1_000;
/// The most places a window names.
const PLACES_LIMIT: usize = 1_000;

/// The windows in which a work may be played; outside them it is not offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Availability {
    /// The windows, in no order. None of them: nowhere.
    pub windows: Vec<Window>,
}

/// Some places, some time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Where.
    pub places: Vec<Place>,
    /// Where not, although `places` names what is around it.
    pub except: Vec<Place>,
    /// From when on, in microseconds UTC.
    pub from_us: Option<i64>,
    /// Until when, exclusive, in microseconds UTC.
    pub until_us: Option<i64>,
}

impl Window {
    /// Everywhere, always.
    pub fn everywhere() -> Self {
        Window {
            places: vec![Place::Everywhere],
            except: Vec::new(),
            from_us: None,
            until_us: None,
        }
    }

    /// Whether it is for this territory: a country's window is for its parts, and a part's window
    /// is not for the whole country.
    pub fn is_for(&self, territory: Territory) -> bool {
        let holds = |places: &[Place]| {
            places.iter().any(|place| match place {
                Place::Everywhere => true,
                Place::In(named) => {
                    *named == territory || (named.is_country() && *named == territory.country())
                }
            })
        };
        holds(&self.places) && !holds(&self.except)
    }

    fn is_open(&self, at_us: i64) -> bool {
        self.from_us.is_none_or(|from| from <= at_us)
            && self.until_us.is_none_or(|until| at_us < until)
    }
}

impl Availability {
    /// Whether the work may be played in a territory at a moment.
    pub fn is_open(&self, territory: Territory, at_us: i64) -> bool {
        self.windows
            .iter()
            .any(|window| window.is_for(territory) && window.is_open(at_us))
    }

    /// The next moment after `at_us` at which that may change.
    pub fn turns_us(&self, territory: Territory, at_us: i64) -> Option<i64> {
        self.windows
            .iter()
            .filter(|window| window.is_for(territory))
            .flat_map(|window| [window.from_us, window.until_us])
            .flatten()
            .filter(|moment| *moment > at_us)
            .min()
    }

    /// As a document carries it.
    pub fn to_value(&self) -> Value {
        let places = |places: &[Place]| {
            let places: Vec<String> = places.iter().map(Place::to_string).collect();
            json!(places)
        };
        let windows = self.windows.iter().map(|window| {
            let mut value = json!({ "territories": places(&window.places) });
            if !window.except.is_empty() {
                value["except"] = places(&window.except);
            }
            for (name, moment) in [("from", window.from_us), ("until", window.until_us)] {
                if let Some(moment) = moment.and_then(Timestamp::from_micros) {
                    value[name] = json!(moment.to_string());
                }
            }
            value
        });
        Value::Array(windows.collect())
    }

    /// Reads what a document carries under `availability`; none when it carries nothing.
    ///
    /// # Errors
    /// A sentence. Rights that cannot be read are not rights: the document is refused.
    pub fn of(value: &Value) -> Result<Option<Self>, String> {
        if value.is_null() {
            return Ok(None);
        }
        let windows = value
            .as_array()
            .ok_or("availability must be a list of windows")?;
        if windows.len() > WINDOWS_LIMIT {
            return Err(format!(
                "availability has more than {WINDOWS_LIMIT} windows"
            ));
        }
        let windows = windows.iter().map(window).collect::<Result<_, _>>()?;
        Ok(Some(Availability { windows }))
    }
}

fn window(value: &Value) -> Result<Window, String> {
    let places = |name: &str| -> Result<Vec<Place>, String> {
        let Some(value) = value.get(name) else {
            return Ok(Vec::new());
        };
        let listed = value
            .as_array()
            .filter(|listed| listed.len() <= PLACES_LIMIT)
            .ok_or_else(|| format!("availability: {name} must be a list of territories"))?;
        let place = |text: &Value| {
            let text = text
                .as_str()
                .ok_or_else(|| format!("availability: {name} must hold texts"))?;
            Place::parse(text).map_err(|bad| format!("availability: {bad}"))
        };
        listed.iter().map(place).collect()
    };
    let moment = |name: &str| -> Result<Option<i64>, String> {
        let Some(value) = value.get(name) else {
            return Ok(None);
        };
        let moment = value.as_str().and_then(|text| Timestamp::parse(text).ok());
        let moment = moment.ok_or_else(|| format!("availability: {name} must be a moment"))?;
        Ok(Some(moment.micros()))
    };
    Ok(Window {
        places: places("territories")?,
        except: places("except")?,
        from_us: moment("from")?,
        until_us: moment("until")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn territory(text: &str) -> Territory {
        Territory::parse(text).unwrap()
    }

    fn places(texts: &[&str]) -> Vec<Place> {
        texts
            .iter()
            .map(|text| Place::parse(text).unwrap())
            .collect()
    }

    #[test]
    fn a_work_is_open_within_its_windows_and_nowhere_else() {
        let rights = Availability {
            windows: vec![
                Window {
                    places: places(&["FR", "BE-WAL"]),
                    except: places(&["FR-COR"]),
                    from_us: Some(100),
                    until_us: Some(200),
                },
                Window {
                    from_us: Some(300),
                    ..Window::everywhere()
                },
            ],
        };
        for (place, at, open) in [
            ("FR-ARA", 99, false),
            ("FR-ARA", 100, true),
            ("FR", 199, true),
            ("FR-ARA", 200, false),
            ("FR-COR", 150, false),
            ("FR-COR", 300, true),
            ("BE-WAL", 150, true),
            ("BE", 150, false),
            ("BE-VLG", 150, false),
            ("DE", 300, true),
        ] {
            assert_eq!(rights.is_open(territory(place), at), open, "{place} {at}");
        }
        assert_eq!(rights.turns_us(territory("FR-ARA"), 100), Some(200));
        assert_eq!(rights.turns_us(territory("DE"), 0), Some(300));
        assert_eq!(rights.turns_us(territory("DE"), 300), None);
        assert_eq!(Availability::of(&rights.to_value()), Ok(Some(rights)));
    }

    #[test]
    fn no_word_means_everywhere_and_an_empty_list_nowhere() {
        assert_eq!(Availability::of(&Value::Null), Ok(None));
        let nowhere = Availability::of(&json!([])).unwrap().unwrap();
        assert!(!nowhere.is_open(territory("FR"), 0));
    }

    #[test]
    fn rights_that_cannot_be_read_are_refused() {
        for bad in [
            json!({}),
            json!("*"),
            json!([{ "territories": "FR" }]),
            json!([{ "territories": ["France"] }]),
            json!([{ "territories": ["FR"], "from": "soon" }]),
            json!([{ "territories": ["FR"], "until": 5 }]),
        ] {
            assert!(Availability::of(&bad).is_err(), "{bad}");
        }
    }
}
