catalogue-kind-music = Music
catalogue-kind-film = Film
catalogue-kind-game = Game
catalogue-kind-book = Book
catalogue-role-artist = Artist
catalogue-role-label = Label
catalogue-role-producer = Producer
catalogue-role-publisher = Publisher
catalogue-role-distributor = Distributor
catalogue-facts = The work
catalogue-release = Album
catalogue-releases = Albums
catalogue-label = Label
catalogue-year = Year
catalogue-genre = Genre
catalogue-length = Length
catalogue-isrc-long = International code of the recording
catalogue-icpn-long = European bar code
catalogue-home = Comes from
catalogue-parts = Who has a part in it
catalogue-parts-empty = Nobody is named yet.
catalogue-chosen = Chosen by
catalogue-tracks = { $n ->
    [one] { $n } track, { $length }
   *[other] { $n } tracks, { $length }
}
catalogue-works = Tracks
catalogue-play-release = Play the album
catalogue-release-empty = Nothing to play here for now.
catalogue-party-empty = Nothing to play here for now.
catalogue-search = Search
catalogue-search-label = A title, a name, a label
catalogue-search-go = Search
catalogue-search-invite = Write a few letters: works from here answer on the left, works from elsewhere on the right.
catalogue-search-none = Nothing for “{ $q }”. Try fewer words, or another spelling.
catalogue-search-found = { $n ->
    [one] { $n } work for “{ $q }”
   *[other] { $n } works for “{ $q }”
}
catalogue-search-here = Here
catalogue-search-elsewhere = Elsewhere
catalogue-search-none-here = Nothing here.
catalogue-search-none-elsewhere = Nothing elsewhere.
