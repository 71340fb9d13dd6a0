using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Tracking;

/// <summary>
/// Follows detections from frame to frame: ByteTrack (Zhang et al. 2022), which associates detections with a high score first and then lets those with
/// a low one continue what was seen a frame ago, so that an object half hidden keeps its name. One camera, one thread; allocates nothing once its
/// buffers have grown to the busiest frame.
/// </summary>
public sealed class ByteTracker(ByteTrackOptions options)
{
    // Two tracks of one object, one found again while the other began: the paper's code calls them the same from this IoU on.
    private const double SameObjectIou = 0.85;

    private readonly Assignment _assignment = new();
    private readonly List<Track> _tracks = [];
    private readonly Stack<Track> _free = [];
    private readonly List<Track> _rows = [];
    private readonly List<Detection> _high = [];
    private readonly List<Detection> _low = [];
    private double[] _costs = [];
    private int[] _columnOf = [];
    private long _frame;
    private long _named;

    /// <summary>Objects seen in the last frame, and those remembered.</summary>
    public int Followed => _tracks.Count;

    /// <summary>One frame on. Boxes without area are passed over.</summary>
    /// <param name="detections">Of this frame, pixels. <see cref="Detection.Track"/> of each is set: the object's number from 1, or null for one that is not (yet) followed.</param>
    public void Update(IReadOnlyList<Detection> detections)
    {
        ArgumentNullException.ThrowIfNull(detections);
        _frame++;
        Split(detections);
        foreach (var track in _tracks) track.Predict();

        // 1. The sure detections continue what is tracked or was lost.
        Rows(static track => track.State != TrackState.Unconfirmed);
        Associate(_high, options.FirstDistance, fuseScore: true);
        // 2. The unsure ones continue only what was seen a frame ago: a lost object is not found again by a doubtful box.
        _rows.RemoveAll(static track => track.State != TrackState.Tracked);
        Associate(_low, options.SecondDistance, fuseScore: false);
        foreach (var track in _rows) track.State = TrackState.Lost;
        // 3. What was seen once must be seen again, by a sure detection that is left.
        Rows(static track => track.State == TrackState.Unconfirmed);
        Associate(_high, options.UnconfirmedDistance, fuseScore: true);
        foreach (var track in _rows) Forget(track);

        foreach (var detection in _high)
        {
            if (detection.Score >= options.NewTrackScore) Begin(detection);
        }
        ForgetLost();
        ForgetTwins();
    }

    /// <summary>Forgets every object; numbers go on. For a picture that jumps: another connection, another size.</summary>
    public void Reset()
    {
        foreach (var track in _tracks) _free.Push(track);
        _tracks.Clear();
    }

    private void Split(IReadOnlyList<Detection> detections)
    {
        _high.Clear();
        _low.Clear();
        for (var i = 0; i < detections.Count; i++)
        {
            var detection = detections[i];
            detection.Track = null;
            if (detection.Width <= 0 || detection.Height <= 0) continue;
            if (detection.Score >= options.HighScore) _high.Add(detection);
            else if (detection.Score >= options.LowScore) _low.Add(detection);
        }
    }

    private void Rows(Func<Track, bool> wanted)
    {
        _rows.Clear();
        foreach (var track in _tracks)
        {
            if (wanted(track)) _rows.Add(track);
        }
    }

    /// <summary>Pairs the rows with detections; what is paired leaves both lists.</summary>
    private void Associate(List<Detection> detections, double limit, bool fuseScore)
    {
        var (rows, columns) = (_rows.Count, detections.Count);
        if (rows == 0 || columns == 0) return;
        if (_costs.Length < rows * columns) _costs = new double[2 * rows * columns];
        if (_columnOf.Length < rows) _columnOf = new int[2 * rows];
        for (var row = 0; row < rows; row++)
        {
            var box = _rows[row].Box;
            for (var column = 0; column < columns; column++)
            {
                var detection = detections[column];
                var iou = options.AcrossClasses || _rows[row].Class == detection.Class ? box.Iou(TrackBox.Of(detection)) : 0;
                _costs[row * columns + column] = iou > 0 ? 1 - (fuseScore ? iou * detection.Score : iou) : double.PositiveInfinity;
            }
        }
        _assignment.Solve(_costs, rows, columns, limit, _columnOf);
        var left = 0;
        for (var row = 0; row < rows; row++)
        {
            var track = _rows[row];
            if (_columnOf[row] < 0)
            {
                _rows[left++] = track;
                continue;
            }
            var detection = detections[_columnOf[row]];
            track.See(TrackBox.Of(detection), detection.Class, _frame);
            detection.Track = track.Id;
        }
        _rows.RemoveRange(left, rows - left);
        detections.RemoveAll(static detection => detection.Track is not null);
    }

    private void Begin(Detection detection)
    {
        if (!_free.TryPop(out var track)) track = new Track();
        // In the first frame of all there was nothing to confirm against.
        track.Begin(++_named, TrackBox.Of(detection), detection.Class, _frame, confirmed: _frame == 1);
        _tracks.Add(track);
        if (_frame == 1) detection.Track = track.Id;
    }

    private void ForgetLost()
    {
        for (var i = _tracks.Count - 1; i >= 0; i--)
        {
            if (_tracks[i].State == TrackState.Lost && _frame - _tracks[i].Seen > options.LostFrames) Forget(_tracks[i]);
        }
    }

    /// <summary>Of a tracked and a lost track at one place the younger goes.</summary>
    private void ForgetTwins()
    {
        for (var i = _tracks.Count - 1; i >= 0; i--)
        {
            for (var j = i - 1; j >= 0; j--)
            {
                var (a, b) = (_tracks[i], _tracks[j]);
                if (a.State == TrackState.Unconfirmed || b.State == TrackState.Unconfirmed || (a.State == TrackState.Lost) == (b.State == TrackState.Lost)) continue;
                if (!options.AcrossClasses && a.Class != b.Class) continue;
                if (a.Box.Iou(b.Box) < SameObjectIou) continue;
                if (a.Seen - a.Began <= b.Seen - b.Began)
                {
                    Forget(a);
                    break;
                }
                Forget(b);
                i--;
            }
        }
    }

    private void Forget(Track track)
    {
        _tracks.Remove(track);
        _free.Push(track);
    }
}
