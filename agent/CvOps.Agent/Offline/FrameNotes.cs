using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace CvOps.Agent.Offline;

/// <summary>What a frame does not carry with it.</summary>
/// <param name="Number">Of the frame.</param>
/// <param name="File">Of a folder's picture, relative to the folder.</param>
/// <param name="Problem">Why there is no such frame, in a sentence; null when there is.</param>
internal sealed record FrameNote(long Number, string File, string? Problem);

/// <summary>Notes on frames, written where they are read and taken where their results come out, both in order.</summary>
internal sealed class FrameNotes
{
    private readonly ConcurrentQueue<FrameNote> _notes = new();

    public void Add(FrameNote note) => _notes.Enqueue(note);

    /// <summary>The next note on this frame or one before it.</summary>
    public bool TryTake(long upTo, [NotNullWhen(true)] out FrameNote? note)
    {
        if (_notes.TryPeek(out note) && note.Number <= upTo) return _notes.TryDequeue(out note);
        note = null;
        return false;
    }
}
