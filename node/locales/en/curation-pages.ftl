curation-home-title = Tonight
curation-home-over = Tonight, { $venue }
curation-home-open = Read and listen
curation-home-join = I have a code
curation-home-bare = Nothing is put forward here yet. As soon as a venue composes a selection, it takes this place.
curation-home-here = Here
curation-home-elsewhere = Elsewhere
curation-home-here-empty = The other venues here have put nothing forward yet.
curation-home-elsewhere-empty = No voice from elsewhere for now.
curation-home-new-here = New here
curation-home-new-elsewhere = New elsewhere
curation-count = { $n ->
    [one] { $n } work, { $day }
   *[other] { $n } works, { $day }
}
curation-play-all = Play the selection
curation-sign-in-to-listen = Sign in to listen
curation-piece-missing = This work is not, or no longer, available here.
curation-compose = Compose a selection
curation-compose-title = Title
curation-compose-words = A few lines
curation-compose-words-hint = Why these works, why now. An empty line separates paragraphs.
curation-compose-works = The works, in order
curation-compose-works-hint = One address a line: the search gives them. Empty lines do not count.
curation-compose-address = Address of work { $n }
curation-compose-address-example = https://…
curation-compose-note = Note on work { $n }
curation-compose-note-example = A word about it
curation-compose-up = Move work { $n } up
curation-compose-down = Move work { $n } down
curation-compose-publish = Publish
curation-compose-find = Find works
curation-compose-find-invite = Those from here and those from elsewhere can be chosen together.
curation-compose-add = Add { $title }
