"""An order log on its way from file to plan: how it is read, what becomes of it, who waits for it.

The terminal and the portal share everything but the waiting: `choosing` finds how a file is read,
`carrying` reads, sorts and writes it, `listing` names the lines. The portal keeps an `ImportRun`:
`runs` says what may happen to it, `working` is what a worker does with it.
"""
