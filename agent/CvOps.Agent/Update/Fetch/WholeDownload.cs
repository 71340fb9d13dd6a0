using System.Net.Http.Headers;
using CvOps.Contracts;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update.Fetch;

/// <summary>Fetches a package from its first byte to its last, for a server that lists no chunks; goes on at the byte an earlier attempt had.</summary>
internal sealed class WholeDownload(HttpClient http, UpdateOptions options, RateLimit limit)
{
    private EntityTagHeaderValue? _validator;

    /// <param name="partial">Created when missing. Left as it is when the attempt fails, for the next one.</param>
    /// <returns>True when the file has the package's size and, where parts came in different attempts, its digest.</returns>
    public async Task<bool> AttemptAsync(DesiredModel wanted, string partial, FetchMeter meter, CancellationToken cancellation)
    {
        bool pieced;
        using (var file = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read))
        {
            if (file.Length > wanted.Bytes) file.SetLength(0);
            var have = file.Seek(0, SeekOrigin.End);
            pieced = have > 0;
            if (have < wanted.Bytes) pieced = await GoOnAsync(wanted, file, meter, cancellation);
            file.Flush();
            DurableFile.Sync(file.SafeFileHandle);
            if (file.Length < wanted.Bytes) return false;
        }
        // A file in one piece is the verifier's to judge. One in pieces may be of two versions, and that the server can mend.
        if (!pieced || await FileDigest.OfAsync(partial) == wanted.Model.Digest) return true;
        File.Delete(partial);
        throw new IOException("what an earlier attempt had left does not belong to this package; it is fetched from the beginning");
    }

    /// <returns>True when what was there before is part of the file.</returns>
    private async Task<bool> GoOnAsync(DesiredModel wanted, FileStream file, FetchMeter meter, CancellationToken cancellation)
    {
        var have = file.Position;
        await using var answer = await OpenAsync(wanted, file, have, cancellation);
        if (answer.Start != file.Position) file.SetLength(answer.Start);
        _validator = answer.Validator;
        var buffer = new byte[128 * 1024];
        for (int count; (count = await answer.ReadAsync(buffer)) > 0;)
        {
            if (file.Position + count > wanted.Bytes)
            {
                file.SetLength(0);
                throw new UpdateRefusedException($"The server sent more than the {wanted.Bytes} bytes the package is said to have.");
            }
            await file.WriteAsync(buffer.AsMemory(0, count), cancellation);
            meter.Fetched(count);
            meter.Present(file.Position);
            await limit.PassedAsync(count, cancellation);
        }
        return answer.Start > 0;
    }

    private async Task<RangeAnswer> OpenAsync(DesiredModel wanted, FileStream file, long have, CancellationToken cancellation)
    {
        try
        {
            return await RangeAnswer.OpenAsync(http, wanted.Url, have, null, _validator, options.DownloadStall, cancellation);
        }
        catch (RangeBeyondEndException)
        {
            file.SetLength(0);
            throw;
        }
    }
}
