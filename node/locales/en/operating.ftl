operating-desk = The node’s desk
operating-health = Health
operating-venues = Venues
operating-parties = Parties
operating-imports = Imports
operating-jobs = Jobs
operating-months = Months
operating-cases-desk = Notices
operating-peers = Peers
operating-now = Right now
operating-waiting = { $n ->
    [0] Nothing waits.
    [one] { $n } job waits.
   *[other] { $n } jobs wait.
}
operating-failing = { $failing ->
    [one] { $n } jobs wait, one destination of them does not answer.
   *[other] { $n } jobs wait, { $failing } destinations of them do not answer.
}
operating-cases = { $n ->
    [0] No notice to decide.
    [one] { $n } notice to decide.
   *[other] { $n } notices to decide.
}
operating-cases-late = { $n ->
    [one] { $n } is late.
   *[other] { $n } are late.
}
operating-storage = What is stored
operating-media = Files of works from here
operating-cache = Works from elsewhere, for a while ({ $limit } at most)
operating-database = Database ({ $name })
operating-kilobytes = { $n } kB
operating-megabytes = { $n } MB
operating-gigabytes = { $n } GB
operating-holds = What this node holds
operating-works = Works
operating-releases = Releases
operating-works-elsewhere = Works known from elsewhere
operating-people = Members
operating-venues-none = No venue yet. The first one is added below.
operating-seats = { $taken } seats taken of { $paid }
operating-paid-until = { $sum } a year, paid until { $month }
operating-venue-do = Contribution and seats of { $venue }
operating-contribution = Contribution for a year ({ $currency })
operating-first-month = First month of that year
operating-first-month-hint = Like 2026-11. Left empty, the first month that is still open.
operating-receive = The contribution was received
operating-seats-change = Change the seats
operating-venue-add = Add a venue
operating-venue-name = The venue’s name
operating-amount = Write an amount like 8400 or 8400.50.
operating-month = Write a month like 2026-11.
operating-parties-find = Find a party
operating-parties-count = { $n ->
    [0] Nobody of that name.
    [one] { $n } party.
   *[other] { $n } parties.
}
operating-parties-caption = Who is paid by this node
operating-party = Name
operating-party-kind = Role
operating-party-artist = Artist
operating-party-label = Label
operating-party-producer = Producer
operating-party-publisher = Publisher
operating-party-distributor = Distributor
operating-jobs-lede = What waits is tried again by itself. What concerns money is never given up.
operating-jobs-none = Nothing waits.
operating-job-delivery = { $n ->
    [one] { $n } message to deliver
   *[other] { $n } messages to deliver
}
operating-job-arrival = { $n ->
    [one] { $n } message that came, to act on
   *[other] { $n } messages that came, to act on
}
operating-job-report = A play report to take in
operating-job-settlement = A settlement to recompute
operating-job-since = Since { $day }
operating-job-attempts = { $n ->
    [one] tried { $n } time
   *[other] tried { $n } times
}
operating-job-retry = Try now
operating-job-stop = { $n ->
    [one] Stop { $n } message
   *[other] Stop { $n } messages
}
operating-months-none = No month has accounts yet.
operating-months-caption = How far each month is
operating-report = Play report
operating-settlement = Settlement
operating-month-open = open
operating-month-closed = closed
operating-month-reported = reported
operating-month-settled = settled
operating-report-made = ready
operating-report-offered = offered
operating-report-accepted = accepted
operating-report-refused = refused
operating-settlement-announced = announced
operating-settlement-recomputed = recomputed, the same
operating-settlement-objected = objected to
operating-settlement-see = see it
operating-statements-see = the statements
operating-import = An import
operating-import-start = Import a folder
operating-import-where = Lay folders into { $folder }, then choose one.
operating-import-empty = There is nothing in this folder yet.
operating-import-folder = Folder
operating-import-go = Import
operating-import-nothing = This folder is gone. Load the page again.
operating-import-running = { $done } files of { $files }.
operating-import-over = { $n ->
    [one] Done: { $n } file.
   *[other] Done: { $n } files.
}
operating-import-stop = Stop after this file
operating-imports-before = Imports before
operating-imports-none = Nothing was imported yet.
operating-import-unfinished = not finished
operating-import-taken = { $n } taken
operating-import-known = { $n } here already
operating-import-refused = { $n ->
    [one] { $shown } refused
   *[other] { $shown } refused
}
operating-import-began = Began
operating-import-ended = Ended
operating-import-refusals = What was refused
operating-import-file = File
operating-import-why = Why
operating-peers-well = { $n ->
    [0] No other peer.
    [one] { $n } peer is well and waits for nothing.
   *[other] { $n } peers are well and wait for nothing.
}
operating-peers-see = See the peers, try again, hold, block
operating-errands = What the node does by itself
operating-errands-lede = Since it was started. What is stopped here begins again with the node’s next start; what concerns money, rights or keys is never stopped.
operating-errand-moment = { $day }, { $time }
operating-errand-done = Last done: { $at }
operating-errand-not-yet = Not done yet
operating-errand-next = next: { $at }
operating-errand-failed = Failed ({ $at }).
operating-errand-put-off = stopped
operating-errand-now = Do it now
operating-errand-stop = Stop
operating-errand-take-up = Begin again
operating-errand-due = This concerns money, rights or keys: it cannot be stopped.
operating-errand-deliveries = Telling peers what is to be told
operating-errand-arrivals = Acting on what came
operating-errand-outboxes = Reading what followed peers published before
operating-errand-keys = Taking up changed keys
operating-errand-rights = Opening and closing works as their rights say
operating-errand-drafts = Publishing and withdrawing selections in time
operating-errand-nearness = Working out, at night, what lies near what
operating-errand-cache = Sweeping the works kept for a while
operating-errand-search = Keeping the search index
operating-errand-policies = Learning the coordinator’s policy
operating-errand-reports = Taking in play reports
operating-errand-settlements = Recomputing settlements
operating-errand-reminders = Saying again what was not answered
operating-errand-rows = Counting the database’s rows, so that it stays quick
