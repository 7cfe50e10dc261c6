//! Currencies and how many decimals their minor unit has (ISO 4217).

use std::{fmt, str::FromStr};

use crate::Malformed;

/// A currency by its ISO 4217 code: `EUR`. Ordered as text.
///
/// Taken are the active codes of national currencies, funds codes included; and `ANG` and `BGN`,
/// withdrawn in 2025 and 2026, because an old period must stay computable. Metals, test codes and
/// units of account without decimals are not currencies here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
}

impl Currency {
    /// The euro, against which the reference rates are given.
    pub const EURO: Currency = Currency { code: *b"EUR" };

    /// Reads a code.
    ///
    /// # Errors
    /// When it is none of the list.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let unknown = || Malformed::new("a currency", text, "write its ISO 4217 code, such as EUR");
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| unknown())?;
        decimals(code)
            .map(|_| Currency { code })
            .ok_or_else(unknown)
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or_default()
    }

    /// How many decimals the minor unit has: 2 for the euro, 0 for the yen, 3 for the dinar of Tunisia.
    pub fn decimals(&self) -> u32 {
        decimals(self.code).unwrap_or_default()
    }
}

const NONE: &str = " BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
const TWO: &str = " AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD \
    CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD \
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU \
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK \
    SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD \
    XCG YER ZAR ZMW ZWG ";
const THREE: &str = " BHD IQD JOD KWD LYD OMR TND ";
const FOUR: &str = " CLF UYW ";

fn decimals(code: [u8; 3]) -> Option<u32> {
    if !code.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    let listed = |list: &str| {
        list.as_bytes()
            .chunks_exact(4)
            .any(|entry| entry[1..] == code)
    };
    [(NONE, 0), (TWO, 2), (THREE, 3), (FOUR, 4)]
        .into_iter()
        .find(|(list, _)| listed(list))
        .map(|(_, count)| count)
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}
