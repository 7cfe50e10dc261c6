#!/usr/bin/env python3
"""Sets the demo's book, `book.pdf`. Needs reportlab."""

from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer

TEXT = ParagraphStyle("text", fontName="Times-Roman", fontSize=11, leading=16, alignment=TA_JUSTIFY, spaceAfter=7)
TITLE = ParagraphStyle("title", fontName="Times-Roman", fontSize=27, leading=29, spaceAfter=14)
HEAD = ParagraphStyle("head", fontName="Times-Italic", fontSize=15, leading=18, spaceAfter=12)
BY = ParagraphStyle("by", fontName="Times-Italic", fontSize=12, leading=18)
LEAVES = [
    ("Première rive", [
        "On m’avait dit que la rivière passait sous le boulevard, et je ne l’avais pas cru. Il a fallu qu’un égoutier me montre la plaque, qu’il la soulève d’un coup de pied-de-biche et que nous nous taisions tous les deux : elle était là, six mètres plus bas, à parler toute seule.",
        "Depuis, je marche autrement. Je sais où elle tourne, derrière la poste ; où elle ralentit, sous le marché. Les jours de pluie, les bouches d’égout chantent une tierce, et les gens pressent le pas sans savoir pourquoi ils fredonnent.",
    ]),
    ("Autre rive", [
        "À quatre cents kilomètres, une autre eau attend devant une porte. L’éclusier a soixante ans et une montre arrêtée : il dit que c’est la péniche qui donne l’heure. Quand la porte s’ouvre, les deux niveaux se regardent un instant, puis se mêlent.",
        "J’ai noté dans ce carnet ce qu’ils se disent. Ce n’est pas grand-chose : une phrase d’un côté, une réponse de l’autre, et entre les deux le temps qu’il faut pour qu’un bateau monte.",
    ]),
]

book = SimpleDocTemplate("book.pdf", pagesize=(120 * mm, 180 * mm), leftMargin=15 * mm, rightMargin=15 * mm, topMargin=18 * mm,
                         bottomMargin=20 * mm, title="Carnet des deux rives", author="Odile Marcoux", lang="fr", invariant=1)
pages = [Spacer(0, 40 * mm), Paragraph("Carnet des deux rives", TITLE), Paragraph("Odile Marcoux", BY), Paragraph("Éditions du Bocage", BY)]
for head, words in LEAVES:
    pages += [PageBreak(), Paragraph(head, HEAD)] + [Paragraph(text, TEXT) for text in words]
book.build(pages)
