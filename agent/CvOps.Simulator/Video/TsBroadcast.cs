using System.Threading.Channels;

namespace CvOps.Simulator.Video;

/// <summary>
/// One MPEG transport stream for any number of clients. A client starts with the stream's tables (PAT, PMT) and a key frame; one that
/// does not keep up is sent away, so that nothing grows behind it.
/// </summary>
internal sealed class TsBroadcast
{
    /// <summary>Chunks that may wait for one client; at 5 frames a second some ten seconds.</summary>
    private const int Backlog = 256;

    private readonly Lock _lock = new();
    private readonly List<TsClient> _clients = [];
    private readonly TsReader _reader = new();
    private bool _closed;

    public int Clients
    {
        get { lock (_lock) return _clients.Count; }
    }

    /// <summary>Clients sent away because they read too slowly.</summary>
    public long Dropped { get; private set; }

    /// <summary>Reads the encoder until it ends.</summary>
    public async Task PumpAsync(Stream encoder, CancellationToken cancel)
    {
        var buffer = new byte[TsReader.PacketBytes * 512];
        var held = 0;
        while (true)
        {
            var read = await encoder.ReadAsync(buffer.AsMemory(held), cancel);
            if (read == 0) return;
            held += read;
            var whole = held - held % TsReader.PacketBytes;
            Publish(buffer.AsSpan(0, whole));
            buffer.AsSpan(whole, held - whole).CopyTo(buffer);
            held -= whole;
        }
    }

    /// <param name="packets">Whole transport packets.</param>
    /// <exception cref="InvalidDataException">The bytes are no transport stream.</exception>
    public void Publish(ReadOnlySpan<byte> packets)
    {
        if (packets.IsEmpty) return;
        lock (_lock)
        {
            var keyFrame = _reader.FindKeyFrame(packets);
            byte[]? all = null;
            for (var i = _clients.Count - 1; i >= 0; i--)
            {
                var client = _clients[i];
                byte[] chunk;
                if (client.Started) chunk = all ??= packets.ToArray();
                else if (keyFrame < 0 || _reader.Tables.Length == 0) continue;
                else
                {
                    client.Started = true;
                    chunk = [.. _reader.Tables, .. packets[keyFrame..]];
                }

                if (client.Chunks.Writer.TryWrite(chunk)) continue;
                client.Chunks.Writer.TryComplete(new IOException("The client reads slower than the line runs."));
                _clients.RemoveAt(i);
                Dropped++;
            }
        }
    }

    /// <summary>Copies the stream to one client until it leaves, is sent away, or the line ends.</summary>
    /// <exception cref="IOException">The client was too slow.</exception>
    public async Task CopyToAsync(Stream target, CancellationToken cancel)
    {
        var client = new TsClient(Channel.CreateBounded<byte[]>(new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true, SingleWriter = true }));
        lock (_lock)
        {
            if (_closed) return;
            _clients.Add(client);
        }

        try
        {
            await foreach (var chunk in client.Chunks.Reader.ReadAllAsync(cancel))
            {
                await target.WriteAsync(chunk, cancel);
                await target.FlushAsync(cancel);
            }
        }
        finally
        {
            lock (_lock) _clients.Remove(client);
        }
    }

    /// <summary>Ends the stream of every client.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            foreach (var client in _clients) client.Chunks.Writer.TryComplete();
            _clients.Clear();
        }
    }

    private sealed class TsClient(Channel<byte[]> chunks)
    {
        public Channel<byte[]> Chunks { get; } = chunks;

        /// <summary>It has had its first key frame.</summary>
        public bool Started { get; set; }
    }
}
