//! DDEX messages for the tests, written as distributors write them.

use std::fmt::Write;

/// A message of one album.
pub struct Album<'a> {
    /// `43`, `42`…
    pub version: &'a str,
    /// The sender's party id.
    pub sender: &'a str,
    /// When it was made.
    pub created: &'a str,
    /// Its bar code.
    pub icpn: &'a str,
    /// Its title.
    pub title: &'a str,
    /// ISRC, title, duration, file and its sum in hexadecimal SHA-256.
    pub tracks: Vec<Track<'a>>,
    /// The deals: territories and period.
    pub deals: Vec<(&'a [&'a str], &'a str, Option<&'a str>)>,
}

/// A track of it.
#[derive(Clone)]
pub struct Track<'a> {
    pub isrc: &'a str,
    pub title: &'a str,
    pub duration: &'a str,
    pub file: Option<(&'a str, String)>,
}

impl<'a> Track<'a> {
    pub fn new(isrc: &'a str, title: &'a str) -> Self {
        Track {
            isrc,
            title,
            duration: "PT2S",
            file: None,
        }
    }
}

impl Default for Album<'_> {
    fn default() -> Self {
        Album {
            version: "43",
            sender: "PADPIDA2014120301A",
            created: "2026-11-01T10:00:00Z",
            icpn: "3700000000013",
            title: "Les Marées",
            tracks: vec![
                Track::new("FRZ032600001", "Flux"),
                Track::new("FRZ032600002", "Reflux"),
            ],
            deals: vec![(&["Worldwide"], "2026-01-01", None)],
        }
    }
}

impl Album<'_> {
    /// The message.
    pub fn xml(&self) -> String {
        let mut xml = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/{version}" AvsVersionId="3" LanguageAndScriptCode="fr">
  <MessageHeader>
    <MessageId>m1</MessageId>
    <MessageSender><PartyId>{sender}</PartyId><PartyName><FullName>Diffusion d’Auvergne</FullName></PartyName></MessageSender>
    <MessageRecipient><PartyId>PADPIDA2020010101B</PartyId></MessageRecipient>
    <MessageCreatedDateTime>{created}</MessageCreatedDateTime>
  </MessageHeader>
  <PartyList>
    <Party><PartyReference>PAna</PartyReference><PartyName><FullName>Ana &amp; les Vagues</FullName></PartyName><PartyId><ISNI>0000000121032683</ISNI></PartyId></Party>
    <Party><PartyReference>PFil</PartyReference><PartyName><FullName>Le Fil</FullName></PartyName></Party>
    <Party><PartyReference>PBela</PartyReference><PartyName><FullName>Bela</FullName></PartyName><PartyId><IpiNameNumber>00014107338</IpiNameNumber></PartyId></Party>
  </PartyList>
  <ResourceList>
"#,
            version = self.version,
            sender = self.sender,
            created = self.created
        );
        for (at, track) in self.tracks.iter().enumerate() {
            self.track(&mut xml, at + 1, track);
        }
        let _ = write!(
            xml,
            r#"    <Image><ResourceReference>AC</ResourceReference><Type>FrontCoverImage</Type><ResourceId><ProprietaryId Namespace="x">c</ProprietaryId></ResourceId>
      <TechnicalDetails><TechnicalResourceDetailsReference>TC</TechnicalResourceDetailsReference><File><URI>resources/cover.png</URI></File></TechnicalDetails></Image>
  </ResourceList>
  <ReleaseList>
    <Release>
      <ReleaseReference>R0</ReleaseReference><ReleaseType>Album</ReleaseType>
      <ReleaseId><ICPN>{icpn}</ICPN></ReleaseId>
      <DisplayTitleText ApplicableTerritoryCode="US">The Tides</DisplayTitleText>
      <DisplayTitleText ApplicableTerritoryCode="FR">{title}</DisplayTitleText>
      <DisplayTitle><TitleText>{title}</TitleText></DisplayTitle>
      <DisplayArtistName>Ana &amp; les Vagues</DisplayArtistName>
      <DisplayArtist SequenceNumber="1"><ArtistPartyReference>PAna</ArtistPartyReference><DisplayArtistRole>MainArtist</DisplayArtistRole></DisplayArtist>
      <ReleaseLabelReference>PFil</ReleaseLabelReference>
      <Genre><GenreText>Chanson</GenreText></Genre>
      <OriginalReleaseDate>2026-03-01</OriginalReleaseDate>
      <ParentalWarningType>NotExplicit</ParentalWarningType>
      <ResourceGroup>
        <ResourceGroup ResourceGroupType="ReleaseComponent"><SequenceNumber>1</SequenceNumber>
"#,
            icpn = self.icpn,
            title = self.title
        );
        for at in 1..=self.tracks.len() {
            let _ = writeln!(
                xml,
                "          <ResourceGroupContentItem><SequenceNumber>{at}</SequenceNumber><ReleaseResourceReference>A{at}</ReleaseResourceReference></ResourceGroupContentItem>"
            );
        }
        xml.push_str("        </ResourceGroup>\n        <LinkedReleaseResourceReference LinkDescription=\"CoverArt\">AC</LinkedReleaseResourceReference>\n      </ResourceGroup>\n    </Release>\n  </ReleaseList>\n");
        if !self.deals.is_empty() {
            xml.push_str(
                "  <DealList><ReleaseDeal><DealReleaseReference>R0</DealReleaseReference>\n",
            );
            for (territories, from, until) in &self.deals {
                xml.push_str("    <Deal><DealTerms>");
                for territory in *territories {
                    let _ = write!(xml, "<TerritoryCode>{territory}</TerritoryCode>");
                }
                let _ = write!(xml, "<ValidityPeriod><StartDate>{from}</StartDate>");
                if let Some(until) = until {
                    let _ = write!(xml, "<EndDate>{until}</EndDate>");
                }
                xml.push_str("</ValidityPeriod><CommercialModelType>SubscriptionModel</CommercialModelType><UseType>OnDemandStream</UseType></DealTerms></Deal>\n");
            }
            xml.push_str("  </ReleaseDeal></DealList>\n");
        }
        xml.push_str("</ern:NewReleaseMessage>\n");
        xml
    }

    fn track(&self, xml: &mut String, at: usize, track: &Track<'_>) {
        let file = match &track.file {
            Some((uri, sum)) => format!(
                "<DeliveryFile><Type>AudioFile</Type><File><URI>{uri}</URI><HashSum><Algorithm>SHA2</Algorithm><HashSumValue>{sum}</HashSumValue></HashSum></File></DeliveryFile>"
            ),
            None => String::new(),
        };
        let details = format!(
            "<TechnicalDetails><TechnicalResourceDetailsReference>T{at}</TechnicalResourceDetailsReference>{file}</TechnicalDetails>"
        );
        let id = format!("<ResourceId><ISRC>{}</ISRC></ResourceId>", track.isrc);
        // Editions came with 4.3.
        let (before, after) = if self.version == "43" {
            (
                format!(
                    "<SoundRecordingEdition>{id}<PLine><Year>2025</Year><PLineText>2025 Le Fil</PLineText></PLine>{details}</SoundRecordingEdition>"
                ),
                String::new(),
            )
        } else {
            (id, details)
        };
        let _ = writeln!(
            xml,
            "    <SoundRecording><ResourceReference>A{at}</ResourceReference><Type>MusicalWorkSoundRecording</Type>{before}\
             <WorkId><ISWC>T-034.524.680-1</ISWC></WorkId>\
             <DisplayTitleText>{title}</DisplayTitleText><DisplayArtistName>Ana &amp; les Vagues</DisplayArtistName>\
             <DisplayArtist SequenceNumber=\"1\"><ArtistPartyReference>PAna</ArtistPartyReference><DisplayArtistRole>MainArtist</DisplayArtistRole></DisplayArtist>\
             <Contributor><ContributorPartyReference>PBela</ContributorPartyReference><Role>Composer</Role></Contributor>\
             <Duration>{duration}</Duration><ParentalWarningType>NotExplicit</ParentalWarningType>{after}</SoundRecording>",
            title = track.title,
            duration = track.duration,
        );
    }
}
