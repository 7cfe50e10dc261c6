discovery-voyage = Voyage
discovery-voyage-from = Voyage from { $title }
discovery-voyage-begin = Setting off from
discovery-voyage-lede = One work leads to the next, and each says why. The further you go, the wider the path.
discovery-voyage-play = Play the path
discovery-voyage-another = Another path
discovery-voyage-from-here = From here: set off from { $title }
discovery-voyage-further = Go on
discovery-voyage-end = The path ends here. Set off again from any step.
discovery-voyage-empty = Nothing near this is known here yet. It will be, as members listen and curators choose.
discovery-voyage-set-off = Set off from here
discovery-why-members = Members who listen to “{ $after }” listen to this too.
discovery-why-artists = Members who listen to the artist of “{ $after }” listen to this artist too.
discovery-why-selection = { $venue } placed it beside “{ $after }” in “{ $title }”.
discovery-why-scene = From the same scene: { $venue } puts it forward, as it does “{ $after }”.
discovery-why-label = On the same label as “{ $after }”: { $label }.
discovery-why-genre = Of the same genre as “{ $after }”: { $genre }.
discovery-why-place = From the same place as “{ $after }”.
discovery-counter = Near { $name }, and independent
discovery-counter-members = Members who listen to { $name } listen to this artist too.
discovery-counter-curator = { $venue } suggests it to those who like { $name }.
discovery-export-unread = This is no export of ListenBrainz or Last.fm that can be read: send its JSON or CSV file, packed with gzip or not.
discovery-export-encoding = This file is in UTF-16. Save it as UTF-8 and send it again.
discovery-export-large = This file holds too much once unpacked. Send the last few years alone.
discovery-pair-name = Write the name that people search for, on one line.
discovery-pair-credit = Nothing offered here is credited to { $credit }.
discovery-brought = What you listened to elsewhere
discovery-brought-back = Your page
discovery-brought-lede = Bring the history that ListenBrainz or Last.fm gives you, and searches for the names in it lead others to artists here.
discovery-brought-file = Your export
discovery-brought-hint = JSON or CSV, 2 MB at most (packed with gzip, that is years). Only artists’ names are kept and how often you heard them, and only what at least five members have in common is used. The file itself is not kept.
discovery-brought-go = Bring it
discovery-brought-kept = { $n ->
    [one] { $n } name is kept
   *[other] { $n } names are kept
}
discovery-brought-forget = Delete them
