package ready

// First is the verdict on the new pods that there are, instead of on all that there are to be: a rollout that is
// paused brings no more.
func (v Verdict) First() Verdict {
	if v.Phase == Failed || len(v.Lines) == 0 {
		return v
	}
	pods, isReady := int32(0), int32(0)
	for _, line := range v.Lines {
		if line.Old || line.Depth == 0 {
			continue
		}
		if line.Final && line.Phase != Ready {
			return v // which is about this line
		}
		if line.Depth == 2 {
			pods++
		}
		if line.Depth == 2 && line.Phase == Ready {
			isReady++
		}
	}
	v.State = progressing("%d of %s ready, the first of the new ones", isReady, counted(pods, "pod"))
	if pods > 0 && isReady == pods {
		v.State = ready("%d of %s ready, the first of the new ones", isReady, counted(pods, "pod"))
	}
	v.Lines[0].State = v.State
	return v
}
