"""The five services of Yingda; each has the same rooms: app, handlers, domain, store, ports, plugins."""
