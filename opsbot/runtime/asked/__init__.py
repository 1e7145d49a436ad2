"""What people ask of the runtime, by what it is about. Every method is a coroutine, so that one relay serves
all of them while one runtime follows another."""
