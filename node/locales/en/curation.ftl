curation-title = Give the selection a title of 1 to { $limit } characters, on one line.
curation-words = The words are longer than { $limit } characters. Shorten them a little.
curation-works = A selection holds 1 to { $limit } works.
curation-note = A note is longer than { $limit } characters. Shorten it a little.
curation-work-unknown = “{ $work }” is not a work that can be played here. Look it up by searching, and take its address from there.
curation-not-yours = Selections of { $venue } are composed by its curators. Ask the people of the venue to make you one.
