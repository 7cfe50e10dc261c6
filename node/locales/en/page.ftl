page-skip = Skip to content
page-nav = Main pages
page-nav-tonight = Listen
page-nav-search = Search
page-nav-network = The network
page-nav-sign-in = Sign in
page-foot-accessibility = Accessibility: not compliant
page-foot-network = The network and its accounts
page-foot-sign-out = Sign out
page-foot-other-language = Français
page-language-unknown = This language is not offered: choose French or English.

page-refusal-number = Answer { $number }
page-refusal-missing = Nothing at this address
page-refusal-sign-in = Sign in first
page-refusal-forbidden = This door is kept
page-refusal-invalid = Something needs mending
page-refusal-conflict = Not as things stand
page-refusal-too-many = A little patience
page-refusal-broken = This one is on us
page-refusal-home = Back to the front page
page-refusal-search = Search for a work

player-name = Player
player-playing = Now playing:
player-pause = Pause
player-resume = Play
player-previous = Previous track
player-next = Next track
player-seek = Position in the track
player-seek-in = Position in { $title }
player-position = {"{at}"} of {"{of}"}
player-failed = This track does not answer. Try the next one, or try again in a moment.

page-access-heading = Accessibility
page-access-lede = This platform is for everyone. Here is how far we are, and how to tell us what stands in your way.
page-access-state = Where we stand
page-access-state-text = { $address } aims for level AA of WCAG 2.2 and of the French RGAA 4.1. No full audit has been made yet: until one says otherwise, the platform is declared not compliant.
page-access-made = What is done
page-access-made-keyboard = Everything can be done with a keyboard, and what has the focus can always be seen.
page-access-made-script = Every page can be read and used without script; only playing needs one.
page-access-made-contrast = Text keeps a contrast of at least 4.5 to 1, by day and by night.
page-access-made-motion = Nothing moves if you asked for less motion.
page-access-made-table = Every figure is followed by the table of its numbers.
page-access-limits = What is missing
page-access-limits-text = Works handed in by their authors do not all come with a transcript, subtitles or audio description.
page-access-tell = Tell us
page-access-tell-text = If something keeps you from listening or reading, tell the desk of the venue that invited you: it passes it on and answers you. If the answer does not satisfy you, you may turn to the Défenseur des droits (in France) or to the equivalent body of your country.

page-here = Here
player-play = Play { $title }

page-form-unread = This form could not be read. Reload the page, then try again.
