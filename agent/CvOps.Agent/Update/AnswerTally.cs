using System.Runtime.InteropServices;

namespace CvOps.Agent.Update;

/// <summary>One model's answers on one camera: how often each, and how often each was left for another. Allocates nothing once it knows the classes.</summary>
internal sealed class AnswerTally
{
    // At 30 frames a second ten minutes; then what was counted counts half, so that last week's product does not speak for today's.
    private const long Remembered = 20_000;

    // Shorter runs prove nothing whatever came before.
    private const long LeastRun = 20;

    private readonly Dictionary<string, (long Same, long Left)> _answers = [];
    private string? _last;
    private long _frames;
    private long _left;
    private long _run;
    private int _runs;

    /// <param name="answer">The class; empty for nothing found.</param>
    /// <returns>A run that ended with this frame, when it was long enough to say something.</returns>
    public (string Answer, long Frames, int Number)? Add(string answer)
    {
        (string, long, int)? ended = null;
        if (_last != answer)
        {
            if (_last is not null)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_answers, _last, out _).Left++;
                _left++;
                if (_run >= LeastRun) ended = (_last, _run, _runs);
            }
            (_last, _run) = (answer, 0);
            _runs++;
        }
        _run++;
        CollectionsMarshal.GetValueRefOrAddDefault(_answers, answer, out _).Same++;
        if (++_frames >= Remembered) Halve();
        return ended;
    }

    /// <summary>The run that goes on; null while it is short.</summary>
    public (string Answer, long Frames, int Number)? Current => _run >= LeastRun ? (_last!, _run, _runs) : null;

    /// <summary>Held against an answer of another model.</summary>
    /// <param name="known">Whether this model can give that answer.</param>
    public AnswersBefore Against(string answer, bool known)
    {
        if (!known) return new(_frames, _frames, _frames, _left);
        var (same, left) = _answers.GetValueOrDefault(answer);
        var asRare = 0L;
        foreach (var other in _answers.Values)
        {
            if (other.Same <= same) asRare += other.Same;
        }
        return new(_frames, same, asRare, left);
    }

    private void Halve()
    {
        (_frames, _left) = (0, 0);
        foreach (var answer in _answers.Keys)
        {
            ref var counts = ref CollectionsMarshal.GetValueRefOrAddDefault(_answers, answer, out _);
            counts = (counts.Same / 2, counts.Left / 2);
            _frames += counts.Same;
            _left += counts.Left;
        }
    }
}
