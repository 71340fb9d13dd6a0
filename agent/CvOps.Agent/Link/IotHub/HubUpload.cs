using System.Globalization;
using System.Net.Http.Headers;
using CvOps.Contracts;
using Microsoft.Azure.Devices.Client;
using Microsoft.Azure.Devices.Client.Exceptions;
using Microsoft.Azure.Devices.Client.Transport;

namespace CvOps.Agent.Link.IotHub;

/// <summary>Puts what is too large for a message into the hub's storage; the hub tells its consumers of each file.</summary>
internal sealed class HubUpload(DeviceClient client, HttpClient http) : IDisposable
{
    // One at a time: a hub takes ten of a device, and the line is thin.
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Returns when the file is there and the hub knows; throws when it is not, or when that can't be known.</summary>
    public async Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var place = await client.GetFileUploadSasUriAsync(new FileUploadSasUriRequest { BlobName = name }, cancellationToken);
            var done = new FileUploadCompletionNotification { CorrelationId = place.CorrelationId, IsSuccess = false };
            try
            {
                await StoreAsync(place.GetBlobUri(), content, done, cancellationToken);
            }
            finally
            {
                // Said of a failure too: a hub counts an upload as in progress until it is told.
                await client.CompleteFileUploadAsync(done, cancellationToken);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task StoreAsync(Uri place, ReadOnlyMemory<byte> content, FileUploadCompletionNotification done, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, place) { Content = new ReadOnlyMemoryContent(content) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(TopicRule.ContentType);
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        using var response = await http.SendAsync(request, cancellationToken);
        (done.IsSuccess, done.StatusCode, done.StatusDescription) = (response.IsSuccessStatusCode, (int)response.StatusCode, response.ReasonPhrase);
        if (!response.IsSuccessStatusCode)
            throw new IotHubCommunicationException(string.Create(CultureInfo.InvariantCulture, $"The storage of the hub did not take a file: {(int)response.StatusCode} {response.ReasonPhrase}"));
    }
}
