catalogue-disk-full = The disk that holds { $folder } is full. What was taken in so far is safe: make room, then run the same command again.
catalogue-media-unwritable = Nothing can be written in { $folder } ({ $reason }). Mend that, then run the same command again: what was taken in so far is safe.
catalogue-import-nothing-there = There is nothing at { $path }. Check the path and try again.
catalogue-import-running = Another import is at work on this node. Wait until it is done, then run the command again.
catalogue-split-malformed = “{ $split }” does not share a work out. Write roles and basis points that add up to 10000, like artist=7000,label=3000 (roles: artist, label, producer, publisher, distributor).
catalogue-splits-too-many = { $work } has split sheets for two years ahead already. Wait until one of them is in force before you change who shares in it.
catalogue-various-artists = Various artists
catalogue-file-unreadable = This file cannot be read ({ $reason }).
catalogue-file-empty = This file is empty. Copy it again from where it came from.
catalogue-file-too-large = This file is larger than 2 GiB. Cut it into parts.
catalogue-file-too-long = This recording is longer than a day. Cut it into parts.
catalogue-file-unsupported = This kind of file is not played here. Give it as FLAC, MP3, Ogg Vorbis, Opus, AAC (m4a) or WAV.
catalogue-file-not-audio = There is no sound in this file that we know how to read. Is it really what its name says?
catalogue-file-no-sound = There is no sound in this file.
catalogue-file-chained = This file holds several recordings one after the other. Give each of them a file.
catalogue-file-corrupt = This file is damaged: it cannot be played to its end. Copy it again from where it came from.
catalogue-file-nothing = This file promises hours of sound in next to nothing. It is no recording.
catalogue-file-cut-off = This file ends too early, as if it had been copied half-way. Copy it again from where it came from.
catalogue-file-changing = This file changed while it was read. Import it again when it is finished.
catalogue-file-withdrawn = This work was withdrawn from the catalogue, and an import does not bring it back.
catalogue-folder-too-deep = This folder lies more than { $limit } folders deep. Import it by its own path.
catalogue-tags-unreadable = Its tags cannot be read. It goes by the name of its file and its folder.
catalogue-tag-cut = Its tag “{ $tag }” is longer than { $limit } characters and was cut.
catalogue-isrc-malformed = “{ $isrc }” is not an ISRC and was left out. Write it like FR-ABC-26-00001.
catalogue-cover-unreadable = Its picture is not a JPEG, PNG or WebP of reasonable size and was left out.
catalogue-origin-away = This work lives on { $origin }, which does not answer at the moment. Try again a little later.
catalogue-origin-other-bytes = This work lives on { $origin }, which sends another file than the one it announces. Nothing of it is kept; try again in a quarter of an hour.
catalogue-origin-unsized = This work lives on { $origin }, which does not say how many bytes it has. It cannot be heard from here.
catalogue-cache-full = This work lives on { $origin } and does not fit into this node’s cache at the moment. Try again a little later, or ask your node to raise media_cache_gb.
catalogue-cache-busy = Too many works are arriving from elsewhere at the moment, this one of { $origin } among them. Try again in a moment.
catalogue-media-followers = This node gives its files only to nodes that follow it. Follow it first.
catalogue-listen-no-venue = You listen through a venue, and belong to none at the moment. Ask your library, your hall or your works council for an invitation.
catalogue-document-foreign = { $id } does not live on { $peer }: a node speaks for what is its own.
catalogue-document-unproven = The proof on a document from { $peer } does not hold: { $reason }.
catalogue-document-unreadable = This document cannot be read: { $reason }.
catalogue-splits-contradict = Two split sheets for { $work } from { $day } on contradict each other. The first one stands; a correction begins with a later month.
catalogue-file-archive = This archive is no ZIP, or lies in another: unpack it and import the folder.
catalogue-file-no-message = This is not a DDEX message that releases are delivered in.
catalogue-file-unknown = What is in this file is not known here. Films come as MP4 or WebM, books as EPUB or PDF, games as a zip with their page in it.
catalogue-file-other-kind = This file is { $found }, which is not what a { $kind } comes in.
catalogue-archive-damaged = The directory of this archive is damaged. Pack it again.
catalogue-archive-too-much = This archive would be far larger unpacked than anything that is taken.
catalogue-archive-climbs-out = A name in this archive leads out of the folder it would be unpacked in ({ $name }).
catalogue-name-climbs-out = This name leads out of the folder it was delivered in. Nothing outside of it is taken.
catalogue-hash-differs = This file is not the one its message speaks of: its sum is another. Deliver it again.
catalogue-hash-unread = Line { $line }: the sum of a file is not checked, since “{ $algorithm }” is not known here or does not fit it.
catalogue-duration-differs = It lasts { $found } seconds, and its message says { $said }. What the file says counts.
catalogue-code-malformed = “{ $code }” is not an { $scheme }: { $reason }. It was left out.
catalogue-xml-malformed = Line { $line }: this is not XML that is read here: { $reason }.
catalogue-ern-version = This is DDEX ERN in version { $version }. Versions 4.1 to 4.3 are read here: ask for one of them.
catalogue-ern-missing = Line { $line }: { $element } has no { $missing }, which it must have.
catalogue-ern-dangling = Line { $line }: { $reference } is referred to and is not in the message.
catalogue-ern-test = This message says that it is a test. Import it with --test-messages to take it all the same.
catalogue-ern-no-works = Line { $line }: there is nothing on this release that is listened to, watched, played or read.
catalogue-ern-files-absent = { $count ->
    [one] One work has no file beside the message yet. It is in the catalogue, and cannot be played.
   *[other] { $count } works have no file beside the message yet. They are in the catalogue, and cannot be played.
}
catalogue-ern-immersive = Of { $reference } there is an immersive edition too. The one for two loudspeakers is taken.
catalogue-ern-clip = { $reference } is the release of a clip. It is not taken; what it is cut from is.
catalogue-ern-left-out = { $reference } ({ $type }) comes along with the release and is not kept.
catalogue-ern-deal-nowhere = Line { $line }: this deal names no territory, and allows nothing here.
catalogue-ern-deal-place = Line { $line }: “{ $code }” is not a territory that is read here. The deal holds in the others it names.
catalogue-ern-deal-except = Line { $line }: “{ $code }”, where this deal does not hold, is not a territory that is read here. So the deal allows nothing here.
catalogue-ern-no-deals = { $count ->
    [one] One work of “{ $title }” ({ $type }) comes without a deal. It is in the catalogue, and not offered.
   *[other] { $count } works of “{ $title }” ({ $type }) come without a deal. They are in the catalogue, and not offered.
}
catalogue-ern-other-deals = { $count ->
    [one] No deal of “{ $title }” ({ $type }) lets one of its works be streamed here to who subscribes ({ $deals }). It is in the catalogue, and not offered.
   *[other] No deal of “{ $title }” ({ $type }) lets { $count } of its works be streamed here to who subscribes ({ $deals }). They are in the catalogue, and not offered.
}
catalogue-ern-older = This message is older than what is here, and changes nothing.
catalogue-table-no-column = The first line has no column “{ $column }”. docs/import.md shows what the columns are called.
catalogue-table-columns = These columns are not known here and are passed over: { $names }.
catalogue-table-missing = There is nothing under “{ $column }”.
catalogue-table-unread = “{ $text }” under “{ $column }” cannot be read. docs/import.md shows how it is written.
catalogue-table-long = What is under “{ $column }” is longer than { $limit } characters.
catalogue-table-too-wide = This row has more cells than the first line has columns. Is a sign that sets cells apart missing its quotes?
catalogue-table-until = It would end before it begins.
catalogue-table-file-absent = There is no file { $file } beside the table.
catalogue-table-broken = The table cannot be read further from here: { $reason }.
catalogue-mandate-day = “{ $day }” is not a day. Write one like 2026-11-01.
catalogue-mandate-long = What is said about the mandate is longer than { $limit } characters.
catalogue-claim-which = Name the work of the two that is to be withdrawn.
catalogue-change-decided = This change is decided already ({ $state }).
catalogue-change-stranger = { $party } has no part in this change.
catalogue-notice-split-proposed = A change of who shares in this work was proposed. It takes force when all who would have less agree, or when its time has passed; until then you can object.
catalogue-notice-split-confirmed = The change of who shares in this work was agreed to.
catalogue-notice-split-waited = The change of who shares in this work was not objected to in time, and takes force.
catalogue-notice-split-refused = The change of who shares in this work will not take place.
catalogue-notice-isrc-claimed = Another work claims the recording code of this one.
catalogue-import-stopped = The import was stopped; what was taken stays.
catalogue-archive-unread = This archive cannot be read: { $reason }.
catalogue-archive-many = This archive holds more than { $limit } files: make several of it.
catalogue-archive-entry = This file of the archive cannot be read: { $reason }.
catalogue-archive-bomb = Unpacked, this archive would be more than { $times } times as large: it is not taken.
