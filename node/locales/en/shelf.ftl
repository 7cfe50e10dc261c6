shelf-name = My collection
shelf-lede = What you keep for yourself. Nobody else sees it.
shelf-history = What I heard
shelf-favourites = Favourites
shelf-favourites-empty = Put a heart on a work, and it waits for you here.
shelf-favourites-many = You have { $limit } favourites already. Remove one first.
shelf-favour = Add to favourites
shelf-favourite = Favourite
shelf-favoured = {"{title}"}: one of your favourites
shelf-unfavoured = {"{title}"}: no longer a favourite
shelf-unfavour = Remove { $title } from favourites
shelf-play = Play all
shelf-playlists = Playlists
shelf-playlists-empty = No playlist yet. Give the first one a name.
shelf-playlists-many = You have { $limit } playlists already. Delete one first.
shelf-length = { $n ->
    [one] { $n } work
   *[other] { $n } works
}
shelf-new = A new playlist
shelf-begin = Begin
shelf-begin-add = Begin with this work
shelf-title = Give the playlist a title of 1 to { $limit } characters, on one line.
shelf-title-label = Title
shelf-import = Bring a playlist
shelf-import-hint = An M3U8, XSPF or JSPF file. What is not found here stays on the playlist in words.
shelf-import-go = Bring it
shelf-imported = A playlist from elsewhere
shelf-list-large = This file is larger than { $limit } KiB. Split it into several playlists.
shelf-list-empty = There is no work in this file.
shelf-list-unknown = This file is no playlist that can be read here. Choose an M3U8, XSPF or JSPF file.
shelf-list-unread = This file could not be read ({ $why }). Export it again, or in another format.
shelf-entries-many = A playlist has { $limit } works at most. Split it into several.
shelf-stale = This playlist has changed in the meantime. Reload the page, then do it again.
shelf-missing = { $n ->
    [one] One work of this playlist is not, or no longer, offered here. It stays in words.
   *[other] { $n } works of this playlist are not, or no longer, offered here. They stay in words.
}
shelf-entry-missing = not offered here
shelf-playlist-empty = This playlist waits for its first work. “Add to a playlist” is beside every title.
shelf-up = Move { $title } up
shelf-down = Move { $title } down
shelf-remove = Remove { $title }
shelf-take = Take it along
shelf-take-hint = A file that other players can read.
shelf-settle = Settings
shelf-rename = Rename
shelf-delete = Delete the playlist
shelf-delete-sure = The playlist goes. The works stay.
shelf-delete-go = Delete
shelf-add = Add to a playlist…
shelf-add-title = Add to a playlist
shelf-back = Back
shelf-follows = Whom I follow
shelf-follows-empty = Follow a venue or an artist from their page: their news will come here.
shelf-history-lede = Seen by you alone. What you remove is not shown any more; the play still counts, without a name, so that the work is paid.
shelf-history-empty = You have heard nothing yet, or removed everything.
shelf-history-remove = Remove { $title }, { $time }
shelf-history-earlier = Earlier
shelf-history-clear = Remove everything
shelf-history-clear-sure = All you heard goes from this page, for good.
shelf-history-clear-go = Remove everything
shelf-work-gone = A work that is no longer offered
shelf-unfollow = Stop following { $name }
shelf-grip = Move { $title }: arrow keys up and down
