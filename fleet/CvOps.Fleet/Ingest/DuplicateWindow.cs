using System.Numerics;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Ingest;

/// <summary>
/// Which (boot, stream, sequence) of one device were applied: per stream and boot a high-water mark, below which all were, and a bitmap of the
/// <see cref="Width"/> sequences above it. Pure; saved with whatever it guards, in the same transaction.
/// </summary>
/// <remarks>
/// A sequence more than <see cref="Width"/> ahead of the mark moves the mark: gaps that old were given up by the spool and never come. That is true
/// within a stream, which arrives in order, and of no two streams together: after an outage frames may be a million messages behind results.
/// Boots are kept apart because a spool still holds messages of earlier ones; the newest <see cref="Boots"/> of each stream are remembered, and a
/// message of an older boot counts as a duplicate. Streams do not share them either: one may still be at a boot that another left twenty boots ago.
/// </remarks>
internal sealed class DuplicateWindow
{
    public const int Width = 4096;
    public const int Boots = 16;

    // 1 had no streams.
    private const byte FirstVersion = 1;
    private const byte Version = 2;

    private readonly SortedList<int, SortedList<long, Marks>> _streams = [];

    /// <returns>True the first time; false for what was applied before.</returns>
    public bool TryApply(Origin origin)
    {
        if (origin.Boot < 1 || origin.Sequence < 1 || origin.Stream is < 0 or > Limits.Streams)
            throw new ArgumentException($"Boot {origin.Boot} and sequence {origin.Sequence} must be 1 or more, stream {origin.Stream} 0 to {Limits.Streams}.", nameof(origin));
        if (!_streams.TryGetValue(origin.Stream, out var boots)) _streams.Add(origin.Stream, boots = []);
        if (!boots.TryGetValue(origin.Boot, out var marks))
        {
            if (boots.Count == Boots)
            {
                if (origin.Boot < boots.Keys[0]) return false;
                boots.RemoveAt(0);
            }
            boots.Add(origin.Boot, marks = new Marks());
        }
        return marks.TryApply(origin.Sequence);
    }

    /// <summary>How many were applied of each stream and boot that is still remembered, those counted in that were given up long ago; and whether any is missing below the highest.</summary>
    public IEnumerable<(int Stream, long Boot, long Applied, bool Gaps)> Applied =>
        _streams.SelectMany(stream => stream.Value.Select(boot => (stream.Key, boot.Key, boot.Value.Applied, boot.Value.Gaps)));

    /// <summary>A few bytes a stream while nothing is missing.</summary>
    public byte[] Save()
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory);
        writer.Write(Version);
        writer.Write7BitEncodedInt(_streams.Count);
        foreach (var (stream, boots) in _streams)
        {
            writer.Write7BitEncodedInt(stream);
            writer.Write7BitEncodedInt(boots.Count);
            foreach (var (boot, marks) in boots)
            {
                writer.Write7BitEncodedInt64(boot);
                marks.Save(writer);
            }
        }
        writer.Flush();
        return memory.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no saved window.</exception>
    public static DuplicateWindow Load(byte[]? saved)
    {
        var window = new DuplicateWindow();
        if (saved is null or []) return window;
        using var reader = new BinaryReader(new MemoryStream(saved));
        try
        {
            var version = reader.ReadByte();
            if (version is not (FirstVersion or Version)) throw new InvalidDataException($"Duplicate window of version {version}; this fleet knows {FirstVersion} and {Version}.");
            for (var left = version == FirstVersion ? 1 : reader.Read7BitEncodedInt(); left > 0; left--)
            {
                var boots = new SortedList<long, Marks>();
                window._streams.Add(version == FirstVersion ? 0 : reader.Read7BitEncodedInt(), boots);
                for (var kept = reader.Read7BitEncodedInt(); kept > 0; kept--) boots.Add(reader.Read7BitEncodedInt64(), Marks.Load(reader));
            }
            return window;
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("A stored duplicate window is damaged.", e);
        }
    }

    /// <summary>One boot of a stream. Bit i of the ring stands for a sequence whose remainder by the width is i.</summary>
    private sealed class Marks
    {
        private readonly ulong[] _seen = new ulong[Width / 64];
        private long _mark;
        private int _ahead;

        public long Applied => _mark + _ahead;

        public bool Gaps => _ahead > 0;

        public bool TryApply(long sequence)
        {
            if (sequence <= _mark) return false;
            if (sequence > _mark + Width) MoveTo(sequence - Width);
            ref var word = ref _seen[sequence % Width / 64];
            var bit = 1UL << (int)(sequence % 64);
            if ((word & bit) != 0) return false;
            word |= bit;
            _ahead++;
            while (_ahead > 0 && Take(_mark + 1)) _mark++;
            return true;
        }

        private bool Take(long sequence)
        {
            ref var word = ref _seen[sequence % Width / 64];
            var bit = 1UL << (int)(sequence % 64);
            if ((word & bit) == 0) return false;
            word &= ~bit;
            _ahead--;
            return true;
        }

        private void MoveTo(long mark)
        {
            if (mark - _mark >= Width)
            {
                Array.Clear(_seen);
                _ahead = 0;
            }
            else
            {
                for (var s = _mark + 1; s <= mark; s++) Take(s);
            }
            _mark = mark;
        }

        public void Save(BinaryWriter writer)
        {
            writer.Write7BitEncodedInt64(_mark);
            writer.Write(_ahead > 0);
            if (_ahead > 0) foreach (var word in _seen) writer.Write(word);
        }

        public static Marks Load(BinaryReader reader)
        {
            var marks = new Marks { _mark = reader.Read7BitEncodedInt64() };
            if (!reader.ReadBoolean()) return marks;
            for (var i = 0; i < marks._seen.Length; i++)
            {
                marks._seen[i] = reader.ReadUInt64();
                marks._ahead += BitOperations.PopCount(marks._seen[i]);
            }
            return marks;
        }
    }
}
