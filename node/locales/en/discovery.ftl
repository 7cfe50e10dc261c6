discovery-search = Search
discovery-search-for = Search “{ $q }”
discovery-search-label = A title, a name, a label, a code
discovery-search-go = Search
discovery-filters = Narrow down
discovery-filters-chosen = { $n ->
    [one] Narrow down ({ $n } choice)
   *[other] Narrow down ({ $n } choices)
}
discovery-kind = Form
discovery-kind-any = All
discovery-territory = Territory
discovery-territory-any = All
discovery-years = Years
discovery-years-any = All
discovery-decade = { $year }s
discovery-genre = Genre
discovery-genre-any = All
discovery-label = Label
discovery-label-any = All
discovery-order = Order
discovery-order-best = Closest first
discovery-order-newest = Newest first
discovery-playable = Only what can be played now
discovery-bare = The catalogue is still empty. Works will show here as soon as a label has brought some.
discovery-invite = Write a few letters, as you remember them: { $n } works are waiting. Or enter by one of these doors.
discovery-new = Just arrived
discovery-preparing = The catalogue is being put in order: search will answer in a minute or two.
discovery-none = Nothing like that in the catalogue.
discovery-none-for = Nothing for “{ $q }”. Try fewer words, or another spelling.
discovery-without-filters = Search the whole catalogue
discovery-near = Nothing exactly “{ $q }”; this comes close.
discovery-found = { $n ->
    [one] { $written } result
   *[other] { $written } results
}
discovery-found-for = { $n ->
    [one] { $written } result for “{ $q }”
   *[other] { $written } results for “{ $q }”
}
discovery-works = Works
discovery-artists = Artists
discovery-releases = Releases
discovery-labels = Labels
discovery-selections = Selections
discovery-more = See all
discovery-all-groups = Back to all results
discovery-here = Here
discovery-elsewhere = Elsewhere
discovery-none-here = Nothing here.
discovery-none-elsewhere = Nothing elsewhere.
discovery-pages = Pages of the list
discovery-page = Page { $at } of { $of }
discovery-previous = Previous page
discovery-next = Next page
discovery-remote = Nothing of this address here
discovery-remote-lede = { $host } may answer: this node will ask in everybody’s name, without saying who looks.
discovery-remote-go = Ask { $host }
discovery-remote-sign-in = Sign in to ask other nodes
discovery-remote-what = Paste the address of a work, a release or a venue (https://…), or a name like @venue@example.org.
discovery-remote-other = This address answers, but it is no work, no release, no selection and nobody.
discovery-remote-not-had = { $url } could not be read: { $why }
discovery-remote-deleted = This was withdrawn by the node it comes from.
discovery-actor-node = Node
discovery-actor-group = Venue, label or group
discovery-actor-person = Person
discovery-actor-known = What this node knows of it
discovery-actor-home = Its page, at home
