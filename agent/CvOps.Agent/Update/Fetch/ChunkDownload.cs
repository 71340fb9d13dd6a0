using System.Buffers;
using CvOps.Agent.Update.Fetch.Neighbours;
using CvOps.Contracts.Packages.Chunks;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update.Fetch;

/// <summary>Fetches the chunks that are missing, run by run, from wherever <see cref="SiteShare"/> says. Whatever comes is checked by its digest.</summary>
internal sealed class ChunkDownload(HttpClient http, UpdateOptions options, RateLimit limit, TimeProvider time)
{
    /// <summary>A run from the server: long enough that the way there and back does not count, short enough to be asked again.</summary>
    private const long RunBytes = 8L * 1024 * 1024;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns when the assembly is whole.</summary>
    /// <param name="share">Null: there are no neighbours.</param>
    /// <exception cref="ChunkMismatchException">The server's bytes are not what its list says.</exception>
    /// <exception cref="UpdateRefusedException">The server does not have the package, or does not let this device in.</exception>
    /// <exception cref="HttpRequestException">Interrupted; what has come stays. So for <see cref="IOException"/> and <see cref="OperationCanceledException"/>.</exception>
    public async Task RunAsync(DesiredModel wanted, PackageAssembly assembly, SiteShare? share, FetchMeter meter, CancellationToken cancellation)
    {
        while (!assembly.IsWhole)
        {
            var step = share is null ? FromServer(assembly) : await share.NextAsync(cancellation);
            switch (step)
            {
                case { Run: null }:
                    await Task.Delay(Look, time, cancellation);
                    break;
                case { Run: { } run, Neighbour: { } neighbour }:
                    await neighbour.FetchAsync(run, assembly, meter, cancellation);
                    break;
                case { Run: { } run }:
                    await FetchAsync(wanted.Url, run, assembly, meter, cancellation);
                    break;
            }
            meter.Present(assembly.PresentBytes);
        }
    }

    private static ShareStep FromServer(PackageAssembly assembly) =>
        new(ChunkRun.From(0, assembly.List.Count, assembly.Wants, chunk => assembly.List.Lengths[chunk], RunBytes), null);

    private async Task FetchAsync(Uri address, ChunkRun run, PackageAssembly assembly, FetchMeter meter, CancellationToken cancellation)
    {
        await using var answer = await RangeAnswer.OpenAsync(http, address, assembly.OffsetOf(run.First), assembly.OffsetOf(run.Last + 1) - 1, null, options.DownloadStall, cancellation);
        if (answer.Total is { } total && total != assembly.List.Bytes) throw new IOException($"the server's file has {total} bytes, the package has {assembly.List.Bytes}");
        // A server that knows no ranges sends all of it: then everything that is missing is taken on the way.
        if (answer.Start < assembly.OffsetOf(run.First)) run = new ChunkRun(0, assembly.List.Count - 1);
        await ReadAsync(answer, run, assembly, async count =>
        {
            meter.Fetched(count);
            await limit.PassedAsync(count, cancellation);
        });
    }

    /// <summary>Reads the chunks of a run from an answer that begins with its first.</summary>
    /// <param name="passed">Told the bytes of each chunk that came; returns when the next may.</param>
    public static async Task ReadAsync(RangeAnswer answer, ChunkRun run, PackageAssembly assembly, Func<int, Task> passed)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkCutter.MostOf(assembly.List.Average));
        try
        {
            for (var chunk = run.First; chunk <= run.Last && !assembly.IsWhole; chunk++)
            {
                var bytes = buffer.AsMemory(0, assembly.List.Lengths[chunk]);
                for (var at = 0; at < bytes.Length;)
                {
                    var read = await answer.ReadAsync(bytes[at..]);
                    if (read == 0) throw new IOException("the server ended the answer early");
                    at += read;
                }
                await passed(bytes.Length);
                if (!assembly.Has(chunk) && !assembly.TryPut(chunk, bytes.Span)) throw new ChunkMismatchException(chunk);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>Bytes are not those the chunk list names.</summary>
internal sealed class ChunkMismatchException(int chunk) : IOException($"the bytes that came for chunk {chunk} do not have its digest");
