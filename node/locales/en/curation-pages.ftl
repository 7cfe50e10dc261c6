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
