using CvOps.Contracts.Api;

namespace CvOps.Fleet.Api.Catalog;

internal static class EnrolmentOperations
{
    private static readonly Feature Enrolment = new("Enrolment");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Enrolment.Post<EnrolmentRequest, EnrolmentAnswer>("/enrolment", "enrol", "A device asks for its certificate and proves that it holds a token.") with { Open = true, Refusals = [403, 409, 429] },
        Enrolment.List<TokenView>("/enrolment/tokens", "listTokens", "Tokens that let devices in, without their secrets.", token => token.Id),
        Enrolment.Post<TokenRequest, TokenCreated>("/enrolment/tokens", "createToken", "Makes a token that lets devices in; its secret is told this once."),
        Enrolment.Post<RevocationRequest, TokenView>("/enrolment/tokens/{id}/revoke", "revokeToken", "Takes a token back: it lets nobody in any more."),
        Enrolment.List<CertificateView>("/certificates", "listCertificates", "Certificates of devices.", certificate => certificate.Serial),
        Enrolment.Get("/certificates/revoked.pem", "getRevocationList", "The list of revoked certificates, for brokers.", "application/x-pem-file") with { Open = true, Refusals = [404] },
        Enrolment.Post<RevocationRequest, CertificateView[]>("/devices/{id}/revoke", "revokeDevice", "Takes a device's certificates back and ends its connection.") with { Refusals = [409] },
        Enrolment.Post<ReleaseRequest, DeviceNotice>("/devices/{id}/release", "releaseDevice", "Lets a device that is known enrol again, for a while."),
    ];
}
