venues-here = A venue here
venues-elsewhere = A venue elsewhere ({ $node })
venues-compose = Compose a selection
venues-selections = Its selections
venues-selections-empty = This venue has put nothing forward yet.
