def test_x(live, open_map):
    o = open_map(live)
    p=o.page
    p.focus("#carte")
    s=o.vue(); print(s)
    p.keyboard.press("+")
    o.wait("(zoom) => window.atlas.vue().zoom > zoom + 0.9", s["zoom"])
    print(o.vue())
    p.keyboard.press("-")
    o.wait("(zoom) => window.atlas.vue().zoom < zoom + 0.1", s["zoom"])
    print(o.vue())
    p.keyboard.press("ArrowLeft"); print(o.vue())
    p.keyboard.press("ArrowDown"); print(o.vue())
    o.steady(); print(o.vue(), p.url)
    for k in ["+"]*3+["-"]*3:
        p.keyboard.press(k)
    o.steady(); print(o.vue(), p.url)
    for k in range(4): p.click("#zoom-plus")
    o.steady(); print(o.vue(), p.url)
    import time
    p.wait_for_timeout(500); print(p.url)
