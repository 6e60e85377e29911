package pipeline

import "testing"

func TestPoolSizes(t *testing.T) {
	var p Pool
	f := func(length, capacity int) {
		t.Helper()
		b := p.Get(length)
		if len(*b) != length || cap(*b) != capacity {
			t.Errorf("Get(%d): len %d cap %d, want cap %d", length, len(*b), cap(*b), capacity)
		}
		p.Put(b)
	}
	f(0, 1024)
	f(1, 1024)
	f(1024, 1024)
	f(1025, 1280)
	f(1281, 1536)
	f(1792, 1792)
	f(1793, 2048)
	f(2048, 2048)
	f(49_000, 49_152)
	f(64<<20, 64<<20)
	f(64<<20+1, 64<<20+1)
	for class := 1; class < numClasses; class++ {
		if classOf(classSize(class)) != class || classOf(classSize(class-1)+1) != class {
			t.Errorf("class %d of %d bytes is not found again", class, classSize(class))
		}
	}
	foreign := make([]byte, 3000)
	p.Put(&foreign) // not of a size that Get makes: must not be handed out
	if b := p.Get(3000); cap(*b) != 3072 {
		t.Errorf("cap %d, want 3072", cap(*b))
	}
}
