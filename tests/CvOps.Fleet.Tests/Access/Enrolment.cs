using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Fleet.Access;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Access;

/// <summary>Asks a fleet for certificates as <c>cvops-agent enroll</c> does, and says exactly what a test wants said.</summary>
internal static class Enrolment
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<EnrolmentToken> TokenAsync(this FleetHost fleet, TokenRequest? request = null)
    {
        var answer = await fleet.Http.PostAsJsonAsync("enrolment/tokens", request ?? new TokenRequest("operator", "a test"), ContractsJson.Default.TokenRequest, Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return EnrolmentToken.Parse((await answer.Content.ReadFromJsonAsync(ContractsJson.Default.TokenCreated, Token))!.Text);
    }

    /// <param name="signer">Signs in the place of the token; null: the token.</param>
    public static async Task<(HttpStatusCode Status, EnrolmentAnswer? Answer, string Said)> EnrolAsync(this FleetHost fleet, EnrolmentToken token, string device, ECDsa key, EnrolmentToken? signer = null)
    {
        var pem = DeviceRequest.Make(new DeviceId(device), key);
        var proof = ((signer ?? token) with { Id = token.Id }).Prove(DeviceRequest.Read(pem).Der);
        return await fleet.EnrolAsync(new EnrolmentRequest(token.Id, pem, proof));
    }

    public static async Task<(HttpStatusCode Status, EnrolmentAnswer? Answer, string Said)> EnrolAsync(this FleetHost fleet, EnrolmentRequest request)
    {
        var answer = await fleet.Http.PostAsJsonAsync("enrolment", request, ContractsJson.Default.EnrolmentRequest, Token);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync(ContractsJson.Default.EnrolmentAnswer, Token) : null, await answer.Content.ReadAsStringAsync(Token));
    }

    /// <summary>A device as it comes out of an enrolment.</summary>
    public static async Task<IssuedCertificate> EnrolledAsync(this FleetHost fleet, string device)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (status, answer, said) = await fleet.EnrolAsync(await fleet.TokenAsync(), device, key);
        Assert.True(status == HttpStatusCode.OK, said);
        return new IssuedCertificate(answer!.Certificate, key.ExportPkcs8PrivateKeyPem());
    }

    public static Task<TestDevice> ConnectAsync(this FleetHost fleet, string device, IssuedCertificate identity) =>
        TestDevice.ConnectAsync(fleet, new DeviceId(device), 1, identity, fleet.Broker.Authority.Certificate);

    public static async Task<IReadOnlyList<AuditEntry>> AuditAsync(this FleetHost fleet) => (await fleet.Services.GetRequiredService<Audit>().ReadAsync(0, 1000, Token)).Entries;

    public static string Serial(this EnrolmentAnswer answer)
    {
        using var certificate = X509Certificate2.CreateFromPem(answer.Certificate);
        return certificate.SerialNumber;
    }
}
