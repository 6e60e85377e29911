package postgres

// CheckURL returns why New and Connect cannot use a URL, whatever server it names. The error repeats nothing
// secret of it, and has a method Hint.
func CheckURL(url string) error {
	_, err := parse(url)
	return err
}
