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
catalogue-closed = It may not be played here: the rights to it are not licensed for this place, or no longer.
catalogue-closed-until = It may not be played here yet. That is expected to change on { $day }.
catalogue-open-until = It may be played here until { $day }.
catalogue-mandate = Licence
catalogue-mandate-by = Licensed by { $name } on { $day }
catalogue-mandate-assumed = Taken to be licensed by { $name }; nobody has stated it yet
catalogue-society-unknown = Nobody said whether a collecting society holds the same rights.
catalogue-society-none = No collecting society holds the same rights.
catalogue-society-named = { $name } holds the same rights as a collecting society.
catalogue-claimed = Another work claims the same recording code:
catalogue-credits = Credits
catalogue-credit-featured = Featured artist
catalogue-credit-composer = Composer
catalogue-credit-lyricist = Words
catalogue-credit-songwriter = Words and music
catalogue-credit-arranger = Arranger
catalogue-credit-conductor = Conductor
catalogue-credit-performer = Performer
catalogue-credit-mixer = Mixing
catalogue-credit-mastering = Mastering
catalogue-told = Told to this party
