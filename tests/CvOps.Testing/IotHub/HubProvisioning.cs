using System.Text;

namespace CvOps.Testing.IotHub;

/// <summary>A device's enrolment in the provisioning service, and how far its registration is: the service says "assigning" first.</summary>
internal sealed class HubProvisioning(string scope, string hostName, HubDevice device)
{
    private const string Operation = "op.1";

    public string Scope => scope;

    /// <summary>As it will be in the hub.</summary>
    public HubDevice Device => device;

    /// <returns>Null for what is no request of a registration.</returns>
    public (string Topic, byte[] Body)? Answer(string topic, string request)
    {
        if (topic.StartsWith("$dps/registrations/PUT/iotdps-register/", StringComparison.Ordinal))
            return ($"$dps/registrations/res/202/?$rid={request}&retry-after=1", Encoding.UTF8.GetBytes($$"""{"operationId":"{{Operation}}","status":"assigning"}"""));
        return topic.StartsWith("$dps/registrations/GET/iotdps-get-operationstatus/", StringComparison.Ordinal) && topic.Contains("operationId=" + Operation, StringComparison.Ordinal)
            ? ($"$dps/registrations/res/200/?$rid={request}", Encoding.UTF8.GetBytes(
                $$"""{"operationId":"{{Operation}}","status":"assigned","registrationState":{"registrationId":"{{device.Id}}","assignedHub":"{{hostName}}","deviceId":"{{device.Id}}","status":"assigned","substatus":"initialAssignment"} }"""))
            : null;
    }
}
