using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Agent.Enrolment;

/// <summary>The fleet did not let this device in, or it cannot be believed.</summary>
internal sealed class EnrolmentException(string message) : Exception(message);

/// <summary>Asks a fleet over HTTP(S). Neither the question nor the answer needs to be hidden or believed: both are signed.</summary>
internal static class EnrolmentClient
{
    private const int AnswerBytes = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <exception cref="EnrolmentException">The fleet refused, or nobody answers; the message is a sentence.</exception>
    public static async Task<EnrolmentAnswer> AskAsync(Uri fleet, EnrolmentRequest request, CancellationToken cancel)
    {
        // The device knows no authority yet. Whoever listens in reads what is signed, as over plain HTTP, and the answer has to come from the authority that the token names.
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null } };
        using var http = new HttpClient(handler) { Timeout = Patience, MaxResponseContentBufferSize = AnswerBytes };
        try
        {
            using var answer = await http.PostAsync(new Uri(fleet, $"{ApiRoutes.Root}/enrolment"), JsonContent.Create(request, ContractsJson.Default.EnrolmentRequest), cancel);
            var body = await answer.Content.ReadAsByteArrayAsync(cancel);
            if (!answer.IsSuccessStatusCode) throw new EnrolmentException($"The fleet refused ({(int)answer.StatusCode}): {Detail(body) ?? answer.ReasonPhrase}");
            return JsonSerializer.Deserialize(body, ContractsJson.Default.EnrolmentAnswer) is { Certificate: not null, Authority: not null, Brokers: not null } complete
                ? complete
                : throw new EnrolmentException($"{fleet} answered, but not as a fleet does.");
        }
        catch (JsonException)
        {
            throw new EnrolmentException($"{fleet} answered, but not as a fleet does. Is it the address of the fleet manager?");
        }
        catch (HttpRequestException e)
        {
            throw new EnrolmentException($"No fleet answers at {fleet}: {e.GetBaseException().Message}");
        }
        catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new EnrolmentException($"No fleet answers at {fleet} within {Patience.TotalSeconds:0} s.");
        }
    }

    /// <summary>Of a problem document (RFC 9457).</summary>
    private static string? Detail(byte[] body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
