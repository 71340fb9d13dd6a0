using CvOps.Simulator.Drawing;
using CvOps.Simulator.Video;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Simulator;

[Trait("tier", "integration")]
public sealed class TsBroadcastTests
{
    private const int Chunk = TsReader.PacketBytes * 200;

    [Fact]
    public async Task A_client_that_does_not_read_is_sent_away_and_the_others_get_everything()
    {
        var cancel = TestContext.Current.CancellationToken;
        var stream = await EncodeAsync(60, cancel);
        var broadcast = new TsBroadcast();
        var received = new MemoryStream();
        using var blocked = new BlockedStream();
        var reading = broadcast.CopyToAsync(received, cancel);
        var idle = broadcast.CopyToAsync(blocked, cancel);
        Assert.Equal(2, broadcast.Clients);

        var sent = 0;
        while (broadcast.Dropped == 0)
        {
            for (var at = 0; at < stream.Length && broadcast.Dropped == 0; at += Chunk)
            {
                var chunk = stream.AsMemory(at, Math.Min(Chunk, stream.Length - at));
                broadcast.Publish(chunk.Span);
                sent += chunk.Length;
                // What stands before the first key frame is left out, the tables come instead. The reading client keeps up in real life; here it is given the time to.
                await Eventually.Async(() => received.Length >= sent - 2 * TsReader.PacketBytes, TimeSpan.FromSeconds(10), () => $"{received.Length} of {sent}", cancel);
            }

            Assert.True(sent < 1 << 28, "the idle client was never dropped");
        }

        Assert.Equal(1, broadcast.Clients);
        blocked.Release();
        await Assert.ThrowsAsync<IOException>(() => idle);
        broadcast.Close();
        await reading;
        Assert.InRange(received.Length, sent - 2 * TsReader.PacketBytes, sent + 2 * TsReader.PacketBytes);
        Assert.Equal(0, broadcast.Clients);
    }

    [Fact]
    public async Task A_late_client_starts_with_the_tables_and_a_key_frame()
    {
        var cancel = TestContext.Current.CancellationToken;
        var stream = await EncodeAsync(20, cancel);
        var broadcast = new TsBroadcast();
        // The client comes when a third of the stream has gone by.
        var late = stream.Length / TsReader.PacketBytes / 3 * TsReader.PacketBytes;
        broadcast.Publish(stream.AsSpan(0, late));
        var received = new MemoryStream();
        var reading = broadcast.CopyToAsync(received, cancel);
        for (var at = late; at < stream.Length; at += Chunk) broadcast.Publish(stream.AsSpan(at, Math.Min(Chunk, stream.Length - at)));
        broadcast.Close();
        await reading;

        var bytes = received.ToArray();
        Assert.NotEmpty(bytes);
        Assert.Equal(0, (bytes[1] & 0x1F) << 8 | bytes[2]);
        var entry = bytes.AsSpan(2 * TsReader.PacketBytes, TsReader.PacketBytes);
        Assert.True((entry[3] & 0x20) != 0 && (entry[5] & 0x40) != 0, "the third packet is no point of random access");
    }

    [Fact]
    public void Bytes_that_are_no_transport_stream_are_refused() =>
        Assert.Throws<InvalidDataException>(() => new TsBroadcast().Publish(new byte[TsReader.PacketBytes]));

    private static async Task<byte[]> EncodeAsync(int frames, CancellationToken cancel)
    {
        Skip.Unless(TestProcess.Find("ffmpeg") is not null, "ffmpeg is not installed.");
        using var folder = new TestFolder();
        var file = folder["stream.ts"];
        using (var encoder = Ffmpeg.Encode("ffmpeg", 320, 240, 5, file))
        {
            var drawing = new LinePicture(320, 240);
            var picture = new byte[drawing.Bytes];
            for (uint serial = 1; serial <= frames; serial++)
            {
                drawing.Draw(PartRecipe.For(1, "line-1", serial, Product.Default, 0.6f), LineCondition.New, picture);
                await encoder.Input.WriteAsync(picture, cancel);
            }

            await encoder.FinishAsync(cancel);
        }

        return await File.ReadAllBytesAsync(file, cancel);
    }

    /// <summary>A client's socket that is full and stays full.</summary>
    private sealed class BlockedStream : MemoryStream
    {
        private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _gate.TrySetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => await _gate.Task.WaitAsync(cancellationToken);
    }
}
