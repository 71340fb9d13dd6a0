namespace CvOps.Vision.Tracking;

/// <summary>What is known of an object that is being followed.</summary>
internal enum TrackState
{
    /// <summary>Seen once; a second time makes it a track, a miss ends it.</summary>
    Unconfirmed,

    Tracked,

    Lost,
}

/// <summary>One object; reused for another when it is gone.</summary>
internal sealed class Track
{
    private BoxKalman _filter;

    public long Id { get; private set; }

    /// <summary>Of the detection that was last its.</summary>
    public string Class { get; private set; } = "";

    public TrackState State { get; set; }

    /// <summary>Frame it began in.</summary>
    public long Began { get; private set; }

    /// <summary>Frame it was last seen in.</summary>
    public long Seen { get; private set; }

    /// <summary>Where it is, as the filter has it.</summary>
    public TrackBox Box => _filter.Box;

    public void Begin(long id, in TrackBox box, string cls, long frame, bool confirmed)
    {
        (Id, Class, Began, Seen) = (id, cls, frame, frame);
        State = confirmed ? TrackState.Tracked : TrackState.Unconfirmed;
        _filter = BoxKalman.At(box);
    }

    public void Predict() => _filter.Predict(State != TrackState.Tracked);

    public void See(in TrackBox box, string cls, long frame)
    {
        _filter.Correct(box);
        (Class, Seen, State) = (cls, frame, TrackState.Tracked);
    }
}
